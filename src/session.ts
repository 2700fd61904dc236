import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type {
  CellProposed,
  DecideCell,
  Event,
  Hello,
  Mode,
  PlanItem,
  RerunNotebook,
  RiskClass
} from './protocol';
import {
  assertNever,
  EMPTY_SESSION,
  lastRun,
  pendingCell,
  reduce,
  type ISessionState
} from './reducer';
import { SessionSocket } from './socket';
import { StandingApproval } from './standing';

/** One session: its socket, the state that its events make, and its commands. */
export class SessionModel implements IDisposable {
  constructor(options: SessionSocket.IOptions) {
    this.sessionId = options.sessionId;
    this.settings = options.settings;
    this.standing = new StandingApproval(options.sessionId);
    this.socket = new SessionSocket(options);
    this.socket.frames.connect(this.onFrame, this);
    this.socket.connectionChanged.connect(this.schedule, this);
  }

  readonly sessionId: string;
  readonly settings: ServerConnection.ISettings;
  readonly socket: SessionSocket;

  /** What the events so far make. A new object whenever something changed. */
  get state(): ISessionState {
    return this._state;
  }

  /** The state or the connection changed; told at most once a frame of the screen. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The time now by the server's clock, in seconds since 1970. */
  now(): number {
    return Date.now() / 1000 + this._skew;
  }

  /** Begin a task; its cells go after the cell `after`. */
  startRun(
    task: string,
    choice: { mode: Mode; model: string; max_steps?: number },
    after: string | null
  ): Promise<void> {
    return this.socket.send({ type: 'start_run', task, after, ...choice });
  }

  /** Approve or reject a cell; the server refuses when it isn't what `hash` says. */
  decideCell(decision: Omit<DecideCell, 'type'>): Promise<void> {
    return this.socket.send({ type: 'decide_cell', ...decision });
  }

  /** Approve a cell and those that follow for the same item of the plan, as long as they risk no more. */
  async approveItem(
    proposal: CellProposed,
    source: string | null
  ): Promise<void> {
    const { cell_id, hash } = proposal;
    this.standing.give(proposal);
    await this.decideCell({ cell_id, decision: 'approve', hash, source });
  }

  /** Let cells of these classes run in this notebook without a question, or ask about them again. */
  async allowClasses(
    classes: readonly RiskClass[],
    allowed: boolean
  ): Promise<void> {
    for (const risk of classes) {
      await this.socket.send({ type: 'allow_class', risk, allowed });
    }
  }

  /** Replace the plan; `waived` names deliverables that the person does without. */
  editPlan(
    items: readonly PlanItem[],
    waived: readonly string[] = []
  ): Promise<void> {
    return this.socket.send({
      type: 'edit_plan',
      items: [...items],
      waived: [...waived]
    });
  }

  /** Tell the working agent something. */
  sendMessage(text: string): Promise<void> {
    return this.socket.send({ type: 'send_message', text });
  }

  /** End the run. */
  stopRun(): Promise<void> {
    return this.socket.send({ type: 'stop_run' });
  }

  /** Interrupt the running cell; the run goes on. */
  interruptCell(cellId: string): Promise<void> {
    return this.socket.send({ type: 'interrupt_cell', cell_id: cellId });
  }

  /** Let a run go on that lost its kernel or its server. */
  resumeRun(): Promise<void> {
    return this.socket.send({ type: 'resume_run' });
  }

  /** Change how much runs without asking. Ask means every cell, those approved beforehand included. */
  setMode(mode: Mode): Promise<void> {
    if (mode === 'ask') {
      this.standing.withdraw();
    }
    return this.socket.send({ type: 'set_mode', mode });
  }

  /** Let another model write from the next step on. */
  setModel(model: string): Promise<void> {
    return this.socket.send({ type: 'set_model', model });
  }

  /** Answer the `input()` of a running cell. */
  answerInput(cellId: string, text: string): Promise<void> {
    return this.socket.send({ type: 'answer_input', cell_id: cellId, text });
  }

  /**
   * Take cells of a run out of the notebook.
   *
   * @param cells - Only these; none means all.
   * @param overwrite - Those that go although the person changed them.
   */
  undoRun(
    runId: string,
    cells: readonly string[] = [],
    overwrite: readonly string[] = []
  ): Promise<void> {
    return this.socket.send({
      type: 'undo_run',
      run_id: runId,
      cells: [...cells],
      overwrite: [...overwrite]
    });
  }

  /** Bring back what undoing a run took out. */
  redoRun(runId: string): Promise<void> {
    return this.socket.send({ type: 'redo_run', run_id: runId });
  }

  /** Run the review rules over the notebook. */
  reviewNotebook(): Promise<void> {
    return this.socket.send({ type: 'review_notebook' });
  }

  /** Run the notebook's file again, in a copy of its folder, and compare. */
  rerunNotebook(
    wish: Pick<RerunNotebook, 'other_seed' | 'without_leaks'>
  ): Promise<void> {
    return this.socket.send({ type: 'rerun_notebook', ...wish });
  }

  /** End the second run. */
  stopRerun(): Promise<void> {
    return this.socket.send({ type: 'stop_rerun' });
  }

  /** Put what a rule finds in a cell aside; an empty reason takes that back. */
  dismissFinding(rule: string, cell_id: string, reason: string): Promise<void> {
    return this.socket.send({
      type: 'dismiss_finding',
      rule,
      cell_id,
      reason
    });
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.cancelAnimationFrame(this._frame);
    this.socket.dispose();
    Signal.clearData(this);
  }

  private onFrame(_: SessionSocket, frame: Hello | Event): void {
    const before = this._state;
    this._state = reduce(before, frame);
    if (frame.type !== 'hello') {
      this.onEvent(frame, before.replayed);
    }
    if (this._state !== before) {
      this.schedule();
    }
  }

  private onEvent(event: Event, replayed: number): void {
    if (event.seq > replayed) {
      this._skew = event.time - Date.now() / 1000;
    }
    if (event.type === 'run_finished') {
      this.standing.withdraw();
    } else if (
      event.seq === replayed ||
      (event.type === 'cell_proposed' && event.seq > replayed)
    ) {
      // What was proposed while the page was away counts once all that happened since is known.
      const pending = event.seq > 0 && pendingCell(lastRun(this._state));
      if (pending) {
        this.approveStanding(pending.proposal);
      }
    }
  }

  /** A proposal that the person may have approved beforehand. */
  private approveStanding(proposal: CellProposed): void {
    const { cell_id, hash } = proposal;
    if (this.standing.covers(proposal)) {
      this.decideCell({ cell_id, decision: 'approve', hash }).catch(() => {
        // Somebody decided sooner, or the connection is cut: then the card is still there to ask.
        this.standing.withdraw();
      });
    }
  }

  private schedule(): void {
    if (this._frame === 0 && !this._isDisposed) {
      this._frame = window.requestAnimationFrame(() => {
        this._frame = 0;
        this._stateChanged.emit();
      });
    }
  }

  private readonly standing: StandingApproval;
  private readonly _stateChanged = new Signal<this, void>(this);
  private _state = EMPTY_SESSION;
  private _skew = 0;
  private _frame = 0;
  private _isDisposed = false;
}

/** What a session is doing, as the panel's dot shows it. */
export type Activity =
  | 'idle'
  | 'working'
  | 'waiting'
  | 'finished'
  | 'failed'
  | 'stopped'
  | 'connecting'
  | 'reconnecting';

/** What the session is doing now; `waiting` means for the person. */
export function activity(session: SessionModel | null): Activity {
  if (session === null) {
    return 'idle';
  }
  const { connection } = session.socket;
  if (connection === 'connecting' || connection === 'reconnecting') {
    return connection;
  }
  const run = lastRun(session.state);
  if (run === null) {
    return 'idle';
  }
  switch (run.status) {
    case 'paused':
      return 'waiting';
    case 'running':
      return pendingCell(run) || run.question || run.paused
        ? 'waiting'
        : 'working';
    case 'finished':
    case 'failed':
    case 'stopped':
      return run.status;
    default:
      return assertNever(run.status);
  }
}
