import type {
  CellDecided,
  CellFinished,
  CellOverdue,
  CellProposed,
  Deliverable,
  Event,
  FindingAdded,
  FindingDismissed,
  Hello,
  InputRequested,
  MetricLogged,
  Mode,
  ModelProgress,
  PlanItem,
  ReviewFinished,
  RiskClass,
  RunFinished,
  RunStarted,
  RunStatus,
  SessionInfo,
  StepFinished
} from './protocol';
import { planIn, type IPublishPlan } from './publishPlan';
import { reduceRerun, type IRerunState } from './rerun';
import { NOTHING_UNDONE, redo, undo, type IUndone } from './undone';

/** Where a cell is on its way; `superseded` means that its repair took its place. */
export type CellStatus =
  | 'proposed'
  | 'approved'
  | 'rejected'
  | 'running'
  | 'done'
  | 'failed'
  | 'stopped'
  | 'superseded';

/** One proposed cell and what became of it. */
export interface ICellState {
  readonly proposal: CellProposed;
  readonly status: CellStatus;
  /** The source that runs or ran: the person's, where they edited it. */
  readonly source: string;
  readonly decision: CellDecided | null;
  /** When it started, in seconds since 1970; 0 before. */
  readonly started: number;
  readonly finished: CellFinished | null;
  readonly metrics: readonly MetricLogged[];
}

/** What the conversation shows beside the plan, in the order in which it happened. */
export type Entry =
  | { readonly kind: 'cell'; readonly key: string; readonly cellId: string }
  | { readonly kind: 'prose'; readonly key: string; readonly text: string }
  | { readonly kind: 'message'; readonly key: string; readonly text: string }
  | { readonly kind: 'warning'; readonly key: string; readonly text: string };

/** One task and everything that happened for it. Times are in seconds since 1970. */
export interface IRunState {
  readonly runId: string;
  readonly task: string;
  readonly model: string;
  readonly mode: Mode;
  readonly maxSteps: number;
  readonly started: number;
  readonly ended: number | null;
  readonly status: RunStatus;
  readonly answer: string;
  readonly reason: string;
  readonly items: readonly PlanItem[];
  readonly deliverables: readonly Deliverable[];
  readonly entries: readonly Entry[];
  readonly cells: ReadonlyMap<string, ICellState>;
  /** What cells have shown of what they would publish, by number. */
  readonly plans: ReadonlyMap<string, IPublishPlan>;
  /** What the model is writing now. */
  readonly streaming: string;
  /** What the model does before it can write, such as loading. */
  readonly progress: string;
  readonly question: InputRequested | null;
  /** The running cell takes very long, and the person may interrupt it. */
  readonly overdue: CellOverdue | null;
  /** Why the run waits for a message, or to be resumed where its status is paused; empty while it works. */
  readonly paused: string;
  /** What each turn of the model took. */
  readonly turns: readonly StepFinished[];
  readonly undone: IUndone;
}

/** What the review rules found in the notebook. */
export interface IReviewState {
  /** The findings of the last review, and those that were told since. */
  readonly findings: readonly FindingAdded[];
  /** When the last review ended, in seconds since 1970; null before the first. */
  readonly finished: number | null;
  /** What a person put aside, by rule and cell. */
  readonly dismissed: ReadonlyMap<string, FindingDismissed>;
  /** Which cells of the agent's are as they were approved. */
  readonly standings: ReviewFinished['standings'];
}

/** One session as its events tell it. */
export interface ISessionState {
  readonly session: SessionInfo | null;
  /** The server's version of the wire; null before `hello`. */
  readonly protocol: number | null;
  /** The seq that the replay reaches; what comes later is live. */
  readonly replayed: number;
  readonly runs: readonly IRunState[];
  readonly review: IReviewState;
  /** The last second run of the notebook; null before the first. */
  readonly rerun: IRerunState | null;
  /** The tab that writes the notebook; empty when the server does. */
  readonly tabId: string;
  /** The risk classes that run in this notebook without a question. */
  readonly allowed: readonly RiskClass[];
}

/** A session of which nothing is known yet. */
export const EMPTY_SESSION: ISessionState = {
  session: null,
  protocol: null,
  replayed: 0,
  runs: [],
  review: {
    findings: [],
    finished: null,
    dismissed: new Map(),
    standings: {}
  },
  rerun: null,
  tabId: '',
  allowed: []
};

/** Longer streaming text is cut at its front: the whole comes with the proposal. */
const MAX_STREAMING = 20_000;

/** Fold one frame into a session's state. Pure, the same on replay and live. */
export function reduce(
  state: ISessionState,
  frame: Hello | Event
): ISessionState {
  if (frame.type === 'hello') {
    const { session, protocol, last_seq, allowed } = frame;
    return { ...state, session, protocol, replayed: last_seq, allowed };
  }
  if (frame.type === 'classes_allowed') {
    // `hello` knows better than the replay: another session of the notebook may have spoken last.
    const replayed = frame.seq > 0 && frame.seq <= state.replayed;
    return replayed ? state : { ...state, allowed: frame.allowed };
  }
  if (frame.type === 'run_started') {
    return { ...state, runs: [...state.runs, newRun(frame)] };
  }
  if (frame.type === 'lease_moved') {
    return { ...state, tabId: frame.tab_id };
  }
  if (
    frame.type === 'finding_added' ||
    frame.type === 'finding_dismissed' ||
    frame.type === 'review_finished'
  ) {
    return { ...state, review: reduceReview(state.review, frame) };
  }
  if (
    frame.type === 'rerun_started' ||
    frame.type === 'rerun_progress' ||
    frame.type === 'rerun_finished'
  ) {
    return { ...state, rerun: reduceRerun(state.rerun, frame) };
  }
  return withRun(state, frame.run_id, run => reduceRun(run, frame));
}

/** The run that works or worked last; null before the first. */
export function lastRun(state: ISessionState): IRunState | null {
  return state.runs[state.runs.length - 1] ?? null;
}

/** The cell that waits for a person's decision; null when none does. */
export function pendingCell(run: IRunState | null): ICellState | null {
  if (run?.status !== 'running') {
    return null;
  }
  const last = [...run.cells.values()].pop();
  return last?.status === 'proposed' && last.proposal.asks ? last : null;
}

/** What a switch over the wire must never reach: it fails to compile where a case is missing. */
export function assertNever(unknown: never): never {
  throw new Error(
    `The server told something unknown: ${JSON.stringify(unknown)}`
  );
}

type RunEvent = Exclude<
  Event,
  {
    type:
      | 'run_started'
      | 'classes_allowed'
      | 'lease_moved'
      | 'finding_added'
      | 'finding_dismissed'
      | 'review_finished'
      | 'rerun_started'
      | 'rerun_progress'
      | 'rerun_finished';
  }
>;

/** The findings that nobody has put aside. */
export function openFindings(review: IReviewState): readonly FindingAdded[] {
  return review.findings.filter(
    ({ rule, cell_id }) => !review.dismissed.has(`${rule} ${cell_id}`)
  );
}

function reduceReview(
  review: IReviewState,
  event: FindingAdded | FindingDismissed | ReviewFinished
): IReviewState {
  const { findings } = review;
  if (event.type === 'finding_dismissed') {
    const dismissed = new Map(review.dismissed);
    const key = `${event.rule} ${event.cell_id}`;
    if (event.reason) {
      dismissed.set(key, event);
    } else {
      dismissed.delete(key);
    }
    return { ...review, dismissed };
  }
  if (event.type === 'finding_added') {
    return { ...review, findings: [...findings, event] };
  }
  // A review tells all that it finds, what an earlier one had found included.
  const earlier = Math.max(0, findings.length - event.findings);
  return {
    ...review,
    findings: findings.slice(earlier),
    finished: event.time,
    standings: event.standings
  };
}

function reduceRun(run: IRunState, event: RunEvent): IRunState {
  switch (event.type) {
    case 'plan_changed':
      return { ...run, items: event.items, deliverables: event.deliverables };
    case 'text_delta':
      return {
        ...run,
        progress: '',
        streaming: (run.streaming + event.text).slice(-MAX_STREAMING)
      };
    case 'cell_proposed':
      return propose(run, event);
    case 'cell_decided':
      return withCell(run, event.cell_id, cell => ({
        ...cell,
        status: event.decision === 'approve' ? 'approved' : 'rejected',
        source: event.source,
        decision: event
      }));
    case 'cell_started':
      return start(run, event.cell_id, event.time);
    case 'cell_output': {
      // The notebook shows outputs; the panel shows only plans, when a cell asks to publish.
      const plan = planIn(event);
      return plan === null
        ? run
        : { ...run, plans: new Map(run.plans).set(plan.number, plan) };
    }
    case 'cell_finished':
      return withCell(
        { ...run, question: null, overdue: null, progress: '' },
        event.cell_id,
        cell => ({
          ...cell,
          status: event.status,
          finished: event
        })
      );
    case 'cell_overdue':
      return { ...run, overdue: event };
    case 'step_finished':
      return {
        ...run,
        streaming: '',
        progress: '',
        turns: [...run.turns, event]
      };
    case 'input_requested':
      return { ...run, question: event };
    case 'input_answered':
      return { ...run, question: null };
    case 'message_sent':
      return withEntry(
        { ...run, paused: run.status === 'paused' ? run.paused : '' },
        { kind: 'message', key: String(event.seq), text: event.text }
      );
    case 'run_paused':
      return event.resumable
        ? interrupt(run, event.reason)
        : withEntry(
            { ...run, paused: event.reason },
            { kind: 'warning', key: String(event.seq), text: event.reason }
          );
    case 'run_resumed':
      return { ...run, status: 'running', paused: '' };
    case 'files_listed':
      // The agent's concern.
      return run;
    case 'mode_changed':
      return { ...run, mode: event.mode };
    case 'model_changed':
      return { ...run, model: event.model };
    case 'model_progress':
      return { ...run, progress: progressText(event) };
    case 'metric_logged':
      return withCell(run, event.cell_id, cell => ({
        ...cell,
        metrics: [...cell.metrics, event]
      }));
    case 'artifact_added':
      // A deliverable says the same, and its check beside.
      return run;
    case 'warning_raised':
      return withEntry(run, {
        kind: 'warning',
        key: String(event.seq),
        text: event.message
      });
    case 'run_undone':
      return { ...run, undone: undo(run.undone, event) };
    case 'run_redone':
      return { ...run, undone: redo(run.undone, event) };
    case 'run_finished':
      return finish(run, event);
    default:
      return assertNever(event);
  }
}

function progressText(event: ModelProgress): string {
  return event.done === null
    ? event.text
    : `${event.text} (${Math.floor(100 * event.done)} %)`;
}

function newRun(event: RunStarted): IRunState {
  return {
    runId: event.run_id,
    task: event.task,
    model: event.model,
    mode: event.mode,
    maxSteps: event.max_steps,
    started: event.time,
    ended: null,
    status: 'running',
    answer: '',
    reason: '',
    items: [],
    deliverables: [],
    entries: [],
    cells: new Map(),
    plans: new Map(),
    streaming: '',
    progress: '',
    question: null,
    overdue: null,
    paused: '',
    turns: [],
    undone: NOTHING_UNDONE
  };
}

function propose(run: IRunState, event: CellProposed): IRunState {
  const cell: ICellState = {
    proposal: event,
    status: 'proposed',
    source: event.source,
    decision: null,
    started: 0,
    finished: null,
    metrics: []
  };
  const prose = event.note ? withoutHeading(event.note.source) : '';
  const entries: Entry[] = prose
    ? [{ kind: 'prose', key: `${event.cell_id}-prose`, text: prose }]
    : [];
  entries.push({ kind: 'cell', key: event.cell_id, cellId: event.cell_id });
  return {
    ...run,
    streaming: '',
    progress: '',
    entries: [...run.entries, ...entries],
    cells: new Map(run.cells).set(event.cell_id, cell)
  };
}

function start(run: IRunState, cellId: string, time: number): IRunState {
  const replaced = run.cells.get(cellId)?.proposal.replaces ?? '';
  const repaired = withCell(run, replaced, cell => ({
    ...cell,
    status: 'superseded'
  }));
  return withCell(repaired, cellId, cell => ({
    ...cell,
    status: 'running',
    started: time
  }));
}

/** The run lost its kernel or its server: whoever could tell the end of its running cell is gone. */
function interrupt(run: IRunState, reason: string): IRunState {
  const cells = new Map(run.cells);
  cells.forEach((cell, cellId) => {
    if (cell.status === 'running') {
      cells.set(cellId, { ...cell, status: 'stopped' });
    }
  });
  return {
    ...run,
    cells,
    status: 'paused',
    paused: reason,
    streaming: '',
    progress: '',
    question: null
  };
}

function finish(run: IRunState, event: RunFinished): IRunState {
  const cells = new Map(run.cells);
  // What still waited when the run ended will not be decided any more.
  cells.forEach((cell, cellId) => {
    if (cell.status === 'proposed' || cell.status === 'running') {
      cells.set(cellId, { ...cell, status: 'stopped' });
    }
  });
  return {
    ...run,
    cells,
    status: event.status,
    paused: '',
    ended: event.time,
    answer: event.answer,
    reason: event.reason,
    streaming: '',
    progress: '',
    question: null,
    overdue: null
  };
}

function withRun(
  state: ISessionState,
  runId: string,
  change: (run: IRunState) => IRunState
): ISessionState {
  // Events name the last run nearly always; a warning about the session names none.
  const named = state.runs.findIndex(run => run.runId === runId);
  const index = named < 0 && runId === '' ? state.runs.length - 1 : named;
  const run = state.runs[index];
  const changed = run && change(run);
  if (changed === run) {
    return state;
  }
  const runs = [...state.runs];
  runs[index] = changed;
  return { ...state, runs };
}

function withCell(
  run: IRunState,
  cellId: string,
  change: (cell: ICellState) => ICellState
): IRunState {
  const cell = run.cells.get(cellId);
  return cell === undefined
    ? run
    : { ...run, cells: new Map(run.cells).set(cellId, change(cell)) };
}

function withEntry(run: IRunState, entry: Entry): IRunState {
  return { ...run, entries: [...run.entries, entry] };
}

/** The notebook's heading repeats the plan's item, which the panel shows already. */
function withoutHeading(markdown: string): string {
  return markdown.replace(/^#{1,6} [^\n]*(\n|$)/, '').trim();
}
