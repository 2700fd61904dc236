import type { ICellModel } from '@jupyterlab/cells';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { PromiseDelegate, UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import {
  NotebookDocument,
  OWN_CELLS,
  type INotebookContent
} from './notebookDocument';
import { NotebookSaver, type NotebookContext } from './notebookSaver';
import type {
  CellFinished,
  CellProposed,
  DecideCell,
  Event,
  Hello,
  PlanItem
} from './protocol';
import { CommandError, type Connection, type SessionSocket } from './socket';

/** Names this page to the server. */
const TAB_ID = UUID.uuid4();

/**
 * After which events the notebook is saved, and within how many milliseconds. What a running cell prints is in the
 * journal meanwhile.
 */
const SAVE_AFTER: ReadonlyMap<Event['type'], number> = new Map([
  ['run_started', 1000],
  ['cell_proposed', 1000],
  ['cell_decided', 1000],
  ['cell_finished', 100],
  ['run_paused', 100],
  ['run_redone', 100],
  ['run_undone', 100],
  ['run_finished', 100]
]);

/**
 * A tab that only follows looks so many milliseconds after the last event whether another tab has saved the notebook, and
 * again each time after twice as long: in a tab that isn't looked at, browsers let a save wait.
 */
const FOLLOW_DELAY = 2500;
const LAST_FOLLOW_DELAY = 20_000;

/** After so many milliseconds a tab tries again to take over a notebook that it could not read. */
const RETRY_DELAY = 3000;

/**
 * Whether this tab writes the notebook, another one does, the server does into a document that its pages share, or it is
 * not settled yet.
 */
export type Lease = 'asking' | 'held' | 'shared' | 'refused' | 'lost';

/** A cell that waits for the person. */
export interface IProposal {
  readonly proposal: CellProposed;
  /** The place of its item in the plan, from 1, and the plan's length; 0 where it has none. */
  readonly step: number;
  readonly steps: number;
}

/**
 * Brings one session's events into an open notebook and saves it, for as long as the notebook is open.
 *
 * The server executes. This tab takes the lease, so that the server leaves the file alone, and projects the events onto
 * JupyterLab's model of the notebook. While another tab holds the lease, this one touches nothing.
 */
export class NotebookWriter implements IDisposable {
  constructor(private readonly options: NotebookWriter.IOptions) {
    const { model, context, contents, sessionId, socket } = options;
    this.document = new NotebookDocument(model, sessionId);
    this._saver = new NotebookSaver(context, contents);
    socket.frames.connect(this.onFrame, this);
    socket.connectionChanged.connect(this.onConnection, this);
    if (socket.connection === 'connected') {
      void this.takeLease();
    }
  }

  readonly document: NotebookDocument;

  get sessionId(): string {
    return this.options.sessionId;
  }

  /** The pending proposal, the lease or a cell changed, or the writer was disposed of. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get leaseChanged(): ISignal<this, Lease> {
    return this._leaseChanged;
  }

  get lease(): Lease {
    return this._lease;
  }

  /** Why this tab doesn't show the notebook as it is written; empty while it does. */
  get problem(): string {
    return this._lease === 'held' || this._lease === 'shared'
      ? ''
      : this._problem;
  }

  /** The cell that waits for a decision now. What a notebook file says never makes one. */
  get pending(): IProposal | null {
    const proposal = this._isPaused ? null : this._pending;
    if (proposal === null) {
      return null;
    }
    const place = this._items.findIndex(
      ({ item_id }) => item_id === proposal.plan_item
    );
    return { proposal, step: place + 1, steps: this._items.length };
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The cell at which a run works; null while none does. */
  get place(): string | null {
    return this._place;
  }

  /**
   * Decide on the pending cell, as it stands in the notebook now.
   *
   * @param decision - Approving runs the person's edit, where there is one.
   * @param feedback - Words for the agent.
   * @throws CommandError with a sentence, where the server refuses.
   */
  async decide(decision: DecideCell['decision'], feedback = ''): Promise<void> {
    const proposal = this._isPaused ? null : this._pending;
    if (proposal === null) {
      throw new CommandError(
        this.options.trans.__('No cell waits for a decision.'),
        'stale'
      );
    }
    const { cell_id, hash, source } = proposal;
    const now = this.document.cell(cell_id)?.sharedModel.getSource() ?? source;
    await this.options.socket.send({
      type: 'decide_cell',
      cell_id,
      decision,
      hash,
      source: decision === 'approve' && now !== source ? now : null,
      feedback
    });
  }

  /**
   * Let the server run a cell of the person's own. It returns once the server has it; `ended` tells how it ended.
   *
   * @throws CommandError where the server refuses.
   */
  async runOwnCell(
    cellId: string,
    source: string
  ): Promise<{ ended: Promise<CellFinished> }> {
    const { context, socket } = this.options;
    if (context.model.dirty) {
      // A cell that no file knows would be lost with the tab.
      await context.save();
    }
    const finished = new PromiseDelegate<CellFinished>();
    const onFrame = (_: unknown, frame: Hello | Event): void => {
      if (
        frame.type === 'cell_finished' &&
        frame.run_id === OWN_CELLS &&
        frame.cell_id === cellId
      ) {
        socket.frames.disconnect(onFrame);
        finished.resolve(frame);
      }
    };
    socket.frames.connect(onFrame);
    try {
      await socket.send({ type: 'run_own_cell', cell_id: cellId, source });
    } catch (error) {
      // Where only the answer was cut off, the cell's end is told once the connection is back.
      if (!(error instanceof CommandError && error.code === 'cut')) {
        socket.frames.disconnect(onFrame);
        throw error;
      }
    }
    return { ended: finished.promise };
  }

  /** Whether a person changed the agent's text in this cell. */
  isEdited(cell: ICellModel): boolean {
    return this.document.isEdited(cell);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    const { socket } = this.options;
    socket.frames.disconnect(this.onFrame, this);
    socket.connectionChanged.disconnect(this.onConnection, this);
    socket.dispose();
    window.clearTimeout(this._following);
    window.clearTimeout(this._retrying);
    this._saver.dispose();
    this._changed.emit();
    Signal.clearData(this);
  }

  private onFrame(_: SessionSocket, frame: Hello | Event): void {
    if (frame.type === 'hello') {
      this.check(frame);
      return;
    }
    if (frame.seq === 0) {
      return;
    }
    this._history.push(frame);
    this.watch(frame);
    if (frame.type === 'lease_moved') {
      this._isRoom = frame.writer === 'room';
      if (this._isRoom && this._lease !== 'asking') {
        this.leaveToRoom();
        return;
      }
    }
    if (this._lease === 'shared' && frame.type === 'lease_moved') {
      void this.takeLease();
    } else if (this._lease === 'held' || this._lease === 'shared') {
      this.bringUp();
    } else if (this._lease === 'refused') {
      this.follow(frame);
    }
  }

  /** A session's cells never get into another notebook. One that was renamed since keeps its session. */
  private check({ session }: Hello): void {
    const { contents, context } = this.options;
    if (!this._isChecked && session.path !== contents.localPath(context.path)) {
      this.dispose();
    }
    this._isChecked = true;
  }

  private onConnection(_: SessionSocket, connection: Connection): void {
    if (connection === 'connected') {
      void this.takeLease();
    } else {
      this.setLease('lost');
    }
  }

  /** The server answers after it has replayed what this tab lacks; until then the document is left alone. */
  private async takeLease(): Promise<void> {
    const { context, socket } = this.options;
    this.setLease('asking');
    await context.ready;
    if (this._isDisposed || context.contentsModel?.writable === false) {
      // The server can say better why a read-only notebook is no place to work in.
      return;
    }
    try {
      await socket.send({ type: 'take_lease', tab_id: TAB_ID });
      if (this._isRoom) {
        this.leaveToRoom();
      } else {
        await this.reconcile();
      }
    } catch (error) {
      this.onRefused(error);
    }
  }

  private onRefused(error: unknown): void {
    const { socket, trans } = this.options;
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof CommandError && error.code === 'refused') {
      this._problem = `${reason} ${trans.__('Close it there to go on here.')}`;
      this.setLease('refused');
    } else if (socket.connection === 'connected' && !this._isDisposed) {
      this._problem = trans.__(
        'The notebook could not be brought up to date: %1 This is tried again by itself.',
        reason
      );
      this.setLease('lost');
      window.clearTimeout(this._retrying);
      this._retrying = window.setTimeout(() => {
        void this.takeLease();
      }, RETRY_DELAY);
    }
  }

  /** The server writes into the document that the notebook's pages share. This page has that open, or not. */
  private leaveToRoom(): void {
    const { context, trans } = this.options;
    if (context.model.collaborative === true) {
      this.setLease('shared');
      this.bringUp();
    } else {
      this._problem = trans.__(
        'This notebook is open in a shared document elsewhere, and the intern writes there. Reload this page to join.'
      );
      this.setLease('refused');
    }
  }

  /** Take over what the server wrote into the file meanwhile, then write from here. */
  private async reconcile(): Promise<void> {
    const { context } = this.options;
    // A shared document isn't read from the file by its pages.
    if (context.model.collaborative !== true) {
      await this._saver.inTurn(async () => {
        // With something unsaved here it isn't read; the next save brings in what somebody else did (`mergeTheirs`).
        if (await this._saver.readAgain()) {
          this._applied = 0;
        }
      });
    }
    if (this._isDisposed || this.options.socket.connection !== 'connected') {
      return;
    }
    if (this._applied === 0) {
      this.document.adopt(this._history);
      this._applied = this._history.length;
    }
    this.bringUp();
    if (context.model.dirty) {
      this._saver.soon();
    }
    this.setLease('held');
  }

  private bringUp(): void {
    while (this._applied < this._history.length) {
      const event = this._history[this._applied];
      this._applied += 1;
      if (this._lease === 'shared') {
        this.document.observe(event);
      } else {
        this.document.apply(event);
      }
      if (
        event.type === 'cell_proposed' ||
        (event.type === 'cell_started' && event.run_id !== OWN_CELLS)
      ) {
        this._place = event.cell_id;
      } else if (event.type === 'run_finished') {
        this._place = null;
      }
      const delay = SAVE_AFTER.get(event.type);
      if (delay !== undefined && this._lease !== 'shared') {
        this._saver.soon(delay);
      }
    }
    this._changed.emit();
  }

  /** Another tab writes. Show what it saved, as long as nothing here would be lost. */
  private follow(event: Event): void {
    if (event.type === 'lease_moved' && event.writer === 'file') {
      void this.takeLease();
      return;
    }
    this.readSoon(FOLLOW_DELAY);
  }

  private readSoon(delay: number): void {
    window.clearTimeout(this._following);
    this._following = window.setTimeout(() => {
      if (this._lease !== 'refused') {
        return;
      }
      this.readAgain().catch(() => {
        // It is just being written, or can't be reached: the next time it can.
      });
      if (delay < LAST_FOLLOW_DELAY) {
        this.readSoon(2 * delay);
      }
    }, delay);
  }

  private async readAgain(): Promise<void> {
    const { context } = this.options;
    if (
      !context.isDisposed &&
      context.model.collaborative !== true &&
      (await this._saver.inTurn(() => this._saver.readAgain()))
    ) {
      // How far this is brought stands in it.
      this._applied = 0;
    }
  }

  /** What waits for the person. */
  private watch(event: Event): void {
    if (event.type === 'cell_proposed') {
      this._pending = event.asks ? event : null;
    } else if (
      event.type === 'run_finished' ||
      event.type === 'run_started' ||
      (event.type === 'cell_decided' &&
        event.cell_id === this._pending?.cell_id)
    ) {
      this._pending = null;
      this._isPaused = this._isPaused && event.type === 'cell_decided';
    } else if (event.type === 'run_paused' || event.type === 'run_resumed') {
      // What waits for a decision waits on when the run goes on.
      this._isPaused = event.type === 'run_paused' && event.resumable;
    } else if (event.type === 'plan_changed') {
      this._items = event.items;
    } else {
      return;
    }
    this._changed.emit();
  }

  private setLease(lease: Lease): void {
    if (lease !== this._lease && !this._isDisposed) {
      this._lease = lease;
      this._leaseChanged.emit(lease);
      this._changed.emit();
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _leaseChanged = new Signal<this, Lease>(this);
  private readonly _saver: NotebookSaver;
  private readonly _history: Event[] = [];
  private _applied = 0;
  private _place: string | null = null;
  private _items: readonly PlanItem[] = [];
  private _pending: CellProposed | null = null;
  private _isPaused = false;
  /** Whether the server writes into a shared document, by the last that was told. */
  private _isRoom = false;
  private _lease: Lease = 'asking';
  private _problem = '';
  private _following = 0;
  private _retrying = 0;
  private _isChecked = false;
  private _isDisposed = false;
}

export namespace NotebookWriter {
  export interface IOptions {
    sessionId: string;
    /** The session's events, from the first. The lease lives and dies with this socket: the writer disposes of it. */
    socket: SessionSocket;
    model: INotebookContent;
    context: NotebookContext;
    contents: Contents.IManager;
    trans: TranslationBundle;
  }
}
