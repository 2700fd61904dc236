// Generated from ml_intern_jlab/protocol.py by `make protocol`; change that file instead.

export type Event =
  | RunStarted
  | PlanChanged
  | FilesListed
  | TextDelta
  | CellProposed
  | CellDecided
  | CellStarted
  | CellOutput
  | CellFinished
  | CellOverdue
  | StepFinished
  | RunPaused
  | RunResumed
  | InputRequested
  | InputAnswered
  | MessageSent
  | ModeChanged
  | ModelChanged
  | ModelProgress
  | ClassesAllowed
  | LeaseMoved
  | MetricLogged
  | ArtifactAdded
  | WarningRaised
  | FindingAdded
  | FindingDismissed
  | ReviewFinished
  | RerunStarted
  | RerunProgress
  | RerunFinished
  | RunUndone
  | RunRedone
  | RunFinished;
/**
 * How much runs without asking: nothing, what the policy calls safe, or all except what always asks.
 */
export type Mode = 'ask' | 'auto_safe' | 'auto';
/**
 * What a cell may do beyond computing (the classes of the policy).
 */
export type RiskClass =
  | 'compute'
  | 'write'
  | 'outside'
  | 'delete'
  | 'install'
  | 'shell'
  | 'network'
  | 'credentials'
  | 'process'
  | 'publish'
  | 'spend'
  | 'opaque';
export type Command =
  | StartRun
  | DecideCell
  | EditPlan
  | SendMessage
  | StopRun
  | InterruptCell
  | ResumeRun
  | SetMode
  | SetModel
  | AllowClass
  | AnswerInput
  | TakeLease
  | UndoRun
  | RedoRun
  | ReviewNotebook
  | RerunNotebook
  | StopRerun
  | DismissFinding
  | RunOwnCell;
export type Frame = Event | Hello | Replay | Reply | Beat;
/**
 * `finished` means that every deliverable was checked or waived; nothing else does.
 *
 * A `paused` run lost its kernel or its server, and waits to be resumed or ended.
 */
export type RunStatus =
  'running' | 'paused' | 'finished' | 'failed' | 'stopped';

/**
 * Everything on the wire, and the version of the protocol.
 */
export interface Wire {
  version: 1;
  Event: Event;
  Command: Command;
  Frame: Frame;
  ModelInfo: ModelInfo;
  Health: Health;
  RunChanges: RunChanges;
}
/**
 * A task was accepted. `note` is the notebook's opening cell; `after` the cell that the run's cells follow.
 */
export interface RunStarted {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'run_started';
  task: string;
  mode: Mode;
  model: string;
  max_steps: number;
  by: string;
  user: string;
  after: string | null;
  note: Note | null;
  versions: {
    [k: string]: string;
  };
}
/**
 * A markdown cell of the agent's that belongs to an event; `cell_id` is its nbformat id.
 */
export interface Note {
  cell_id: string;
  source: string;
}
/**
 * The plan or a deliverable changed; both lists are whole, never deltas.
 */
export interface PlanChanged {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'plan_changed';
  items: PlanItem[];
  deliverables: Deliverable[];
  by: string;
}
/**
 * One item of the plan. `result` is a short fact such as "0.969 ± 0.011"; empty until there is one.
 */
export interface PlanItem {
  item_id: string;
  title: string;
  status: 'open' | 'active' | 'done' | 'skipped';
  result: string;
}
/**
 * Something that the task demands and the kernel checks before a run may finish.
 *
 * A `file` has a `path` (relative to the notebook's folder), perhaps `columns` that it must have and `rows_of`,
 * the file whose number of rows it must match. Where it holds predictions, `values_of` is the file whose column
 * `target` shows what such values look like, and `probabilities` says that the chance of one of them is wanted. A
 * `metric` has the `metric`'s name. An `answer` is the text itself.
 * `detail` says what the last check found, `size` how large the file was then.
 */
export interface Deliverable {
  deliverable_id: string;
  kind: 'file' | 'metric' | 'answer';
  description: string;
  path: string;
  columns: string[];
  rows_of: string;
  values_of: string;
  target: string;
  probabilities: boolean;
  metric: string;
  status: 'open' | 'passed' | 'failed' | 'waived';
  detail: string;
  size: number;
}
/**
 * The files that the agent saw when the run began; a run that is resumed is planned from the same.
 */
export interface FilesListed {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'files_listed';
  listing: string;
}
/**
 * A piece of what the model is writing. Not stored: `cell_proposed` has the whole.
 */
export interface TextDelta {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'text_delta';
  step: number;
  text: string;
}
/**
 * A cell waits for a decision (`asks`), or is about to be approved by the policy.
 *
 * It stands after the cell `after` (None: first in the notebook), its `note` before it. When `replaces` names a
 * failed cell, this is that cell's repair and takes its place once it starts. `may_allow` names the classes
 * that the person could allow in this notebook so that such a cell needn't ask; empty where it asks all the same.
 */
export interface CellProposed {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'cell_proposed';
  step: number;
  cell_id: string;
  after: string | null;
  source: string;
  hash: string;
  title: string;
  risk: RiskClass[];
  reasons: Reason[];
  asks: boolean;
  may_allow: RiskClass[];
  plan_item: string;
  note: Note | null;
  replaces: string;
}
/**
 * Why a cell has a risk class: the line (from 1) and a plain sentence.
 */
export interface Reason {
  risk: RiskClass;
  line: number;
  text: string;
}
/**
 * Who decided what about which source. `hash` is that of the approved `source`, after any edit.
 */
export interface CellDecided {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'cell_decided';
  cell_id: string;
  decision: 'approve' | 'reject';
  source: string;
  hash: string;
  edited: boolean;
  by: string;
  where: string;
  feedback: string;
}
/**
 * The approved source was sent to the kernel.
 */
export interface CellStarted {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'cell_started';
  cell_id: string;
  hash: string;
}
/**
 * One IOPub message of a running cell; neighbouring pieces of one stream arrive joined.
 */
export interface CellOutput {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'cell_output';
  cell_id: string;
  message: IOPubMessage;
}
/**
 * One raw IOPub message of the kernel, as far as a notebook needs it (Jupyter messaging protocol 5).
 */
export interface IOPubMessage {
  msg_type:
    | 'stream'
    | 'display_data'
    | 'update_display_data'
    | 'execute_result'
    | 'error'
    | 'clear_output';
  content: {
    [k: string]: unknown;
  };
}
/**
 * The kernel replied and is idle again, or `reason` says why that will not happen any more.
 */
export interface CellFinished {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'cell_finished';
  cell_id: string;
  status: 'done' | 'failed' | 'stopped';
  execution_count: number | null;
  seconds: number;
  error: CellError | null;
  reason: string;
  provenance: {
    [k: string]: unknown;
  };
}
/**
 * The exception that ended a cell; `line` is the failing line of the cell's own source, 0 if unknown.
 */
export interface CellError {
  ename: string;
  evalue: string;
  line: number;
}
/**
 * The cell runs for `seconds` now, longer than the administrator thinks that cells should; it goes on running. The
 * person may interrupt it (`interrupt_cell`) or let it run.
 */
export interface CellOverdue {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'cell_overdue';
  cell_id: string;
  seconds: number;
}
/**
 * One turn of the model ended: its tokens, what it cost in US dollars and how long it took.
 *
 * `first_token_seconds` is the time until it began to write, `tokens_per_second` how fast it then wrote. None is
 * unknown.
 */
export interface StepFinished {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'step_finished';
  step: number;
  input_tokens: number;
  output_tokens: number;
  cost: number | null;
  seconds: number;
  first_token_seconds: number | null;
  tokens_per_second: number | null;
  prompt_hash: string;
}
/**
 * The run waits for the person, because of `reason`: a message lets it go on, a stop ends it.
 *
 * A `resumable` run has lost its kernel or its server: `resume_run` lets it go on, a stop ends it.
 */
export interface RunPaused {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'run_paused';
  reason: string;
  resumable: boolean;
}
/**
 * A resumable run goes on. In a fresh kernel its approved `cells`, so many, are run again first.
 */
export interface RunResumed {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'run_resumed';
  cells: number;
  by: string;
}
/**
 * The running cell called `input()`; `password` asks that the answer isn't shown.
 */
export interface InputRequested {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'input_requested';
  cell_id: string;
  prompt: string;
  password: boolean;
}
/**
 * Somebody answered `input()`. The text itself is not stored.
 */
export interface InputAnswered {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'input_answered';
  cell_id: string;
  by: string;
}
/**
 * A person's message while the run works; the model sees it at its next step.
 */
export interface MessageSent {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'message_sent';
  text: string;
  by: string;
}
/**
 * The mode holds from the next proposal on.
 */
export interface ModeChanged {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'mode_changed';
  mode: Mode;
  by: string;
}
/**
 * Another model writes from the next step on. `model` is what `run_started` would say.
 */
export interface ModelChanged {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'model_changed';
  model: string;
  by: string;
}
/**
 * What happens before the model can write, such as loading it; `done` is from 0 to 1, None: unknown. Not stored.
 */
export interface ModelProgress {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'model_progress';
  text: string;
  done: number | null;
}
/**
 * The classes that run in this notebook without a question from now on, besides those of the mode.
 */
export interface ClassesAllowed {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'classes_allowed';
  allowed: RiskClass[];
  by: string;
}
/**
 * Who writes the notebook document from now on: an open tab, the server through the contents manager, or the server
 * into the document that several people share.
 */
export interface LeaseMoved {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'lease_moved';
  writer: 'tab' | 'file' | 'room';
  tab_id: string;
}
/**
 * A number that a cell's output states. `split` says on what it was measured, such as "hold-out" or "cv".
 *
 * `better` says which way is better, "" where that isn't known. What a cell logs through `toolkit.track` has also the
 * `experiment` that it belongs to, its `parameters`, the `step` of the training and the `seconds` that it took.
 */
export interface MetricLogged {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'metric_logged';
  cell_id: string;
  name: string;
  value: number;
  split: string;
  better: 'higher' | 'lower' | '';
  experiment: string;
  parameters: {
    [k: string]: string | number | boolean | null;
  };
  step: number | null;
  seconds: number | null;
}
/**
 * A run left a file behind.
 */
export interface ArtifactAdded {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'artifact_added';
  path: string;
  size: number;
  cell_id: string;
}
/**
 * Something that the person should know though the run goes on.
 */
export interface WarningRaised {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'warning_raised';
  code: string;
  message: string;
}
/**
 * A review rule found something in the notebook.
 */
export interface FindingAdded {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'finding_added';
  rule: string;
  severity: 'error' | 'warning' | 'note';
  cell_id: string;
  line: number;
  message: string;
  advice: string;
  fix: string;
}
/**
 * A person put a finding aside, in whichever session of the notebook; an empty `reason` takes that back.
 */
export interface FindingDismissed {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'finding_dismissed';
  rule: string;
  cell_id: string;
  reason: string;
  by: string;
}
/**
 * The review rules looked over the notebook: the last `findings` findings are what they found this time.
 */
export interface ReviewFinished {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'review_finished';
  findings: number;
  by: string;
  standings: {
    [k: string]: 'approved' | 'changed' | 'unsigned';
  };
}
/**
 * The notebook's saved file is run again, in a copy of its folder; `total` code cells.
 */
export interface RerunStarted {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'rerun_started';
  total: number;
  by: string;
}
/**
 * So many code cells have been run again, over all runs. Not stored.
 */
export interface RerunProgress {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'rerun_progress';
  done: number;
}
/**
 * The second run ended: the verdict in sentences, then cell by cell. `stopped`: a person ended it.
 */
export interface RerunFinished {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'rerun_finished';
  told: string[];
  cells: RerunCell[];
  stopped: boolean;
  reason: string;
}
/**
 * What became of a code cell: `cell` counts all cells from 1; `detail` and `diff` say what is different.
 */
export interface RerunCell {
  cell: number;
  cell_id: string;
  verdict:
    'same' | 'tolerance' | 'different' | 'failed' | 'not_run' | 'no_record';
  detail: string;
  diff: string;
}
/**
 * Cells of `run_id` left the notebook; `kept` are those that a person changed since.
 *
 * `after` names for each of `removed` the cell that stood before it, "" for the notebook's first; `sources` holds the
 * person's text of those of `removed` that they had changed.
 */
export interface RunUndone {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'run_undone';
  removed: string[];
  kept: string[];
  by: string;
  after: string[];
  sources: {
    [k: string]: string;
  };
}
/**
 * Cells of `run_id` that were undone came back, each behind the cell that `after` names for it, "" for the top.
 */
export interface RunRedone {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'run_redone';
  restored: string[];
  after: string[];
  by: string;
}
/**
 * The run ended. `reason` explains a failure or a stop; `note` is the notebook's closing cell.
 */
export interface RunFinished {
  session_id: string;
  run_id: string;
  seq: number;
  time: number;
  type: 'run_finished';
  status: 'finished' | 'failed' | 'stopped';
  answer: string;
  reason: string;
  note: Note | null;
  environment: {
    [k: string]: string;
  };
  provenance: {
    [k: string]: unknown;
  };
}
/**
 * Begin a task. Cells go after the cell `after`, or to the end of the notebook.
 */
export interface StartRun {
  request_id?: string;
  type: 'start_run';
  task: string;
  mode?: Mode;
  model?: string;
  max_steps?: number | null;
  after?: string | null;
}
/**
 * Approve or reject a proposed cell.
 *
 * `hash` is that of the proposal that the person saw; a proposal that has changed since is not run. `source` is the
 * person's edit, which runs instead; None runs the proposal as it stands.
 */
export interface DecideCell {
  request_id?: string;
  type: 'decide_cell';
  cell_id: string;
  decision: 'approve' | 'reject';
  source?: string | null;
  hash: string;
  feedback?: string;
}
/**
 * Replace the plan's items; `waived` names deliverables that the person does without.
 */
export interface EditPlan {
  request_id?: string;
  type: 'edit_plan';
  /**
   * @maxItems 100
   */
  items: PlanItem[];
  waived?: string[];
}
/**
 * Tell the working agent something.
 */
export interface SendMessage {
  request_id?: string;
  type: 'send_message';
  text: string;
}
/**
 * End the run: pending decisions fall, the kernel is interrupted.
 */
export interface StopRun {
  request_id?: string;
  type: 'stop_run';
}
/**
 * Interrupt the running cell; the run goes on.
 */
export interface InterruptCell {
  request_id?: string;
  type: 'interrupt_cell';
  cell_id: string;
}
/**
 * Let the run go on that lost its kernel or its server; in a fresh kernel its approved cells are run again.
 */
export interface ResumeRun {
  request_id?: string;
  type: 'resume_run';
}
/**
 * Change how much runs without asking.
 */
export interface SetMode {
  request_id?: string;
  type: 'set_mode';
  mode: Mode;
}
/**
 * Let another model write from the next step of the working run on; `model` as in `start_run`.
 */
export interface SetModel {
  request_id?: string;
  type: 'set_model';
  model: string;
}
/**
 * Let cells of one class run in this notebook without a question, or ask about them again.
 */
export interface AllowClass {
  request_id?: string;
  type: 'allow_class';
  risk: RiskClass;
  allowed: boolean;
}
/**
 * Answer the `input()` of a running cell.
 */
export interface AnswerInput {
  request_id?: string;
  type: 'answer_input';
  cell_id: string;
  text: string;
}
/**
 * The tab `tab_id` has the notebook open and writes it for as long as its socket lives.
 *
 * Refused while another tab does so: that tab then writes, and this one follows. Where the notebook is open in a
 * room, the server writes its shared document: the last `lease_moved` says `room`, and the tab writes nothing.
 */
export interface TakeLease {
  request_id?: string;
  type: 'take_lease';
  tab_id: string;
}
/**
 * Take an ended run's cells out of the notebook; what a person changed since stays, except what `overwrite` names.
 *
 * `cells` takes out those alone, each with the note before it; empty means all.
 */
export interface UndoRun {
  request_id?: string;
  type: 'undo_run';
  run_id: string;
  /**
   * @maxItems 1000
   */
  cells?: string[];
  /**
   * @maxItems 1000
   */
  overwrite?: string[];
}
/**
 * Bring the cells back that undoing the run took out, with the outputs that they had.
 */
export interface RedoRun {
  request_id?: string;
  type: 'redo_run';
  run_id: string;
}
/**
 * Run the review rules over the session's notebook.
 */
export interface ReviewNotebook {
  request_id?: string;
  type: 'review_notebook';
}
/**
 * Run the notebook's saved file again, in a clean kernel and a copy of its folder, and compare the outputs.
 */
export interface RerunNotebook {
  request_id?: string;
  type: 'rerun_notebook';
  other_seed?: boolean;
  without_leaks?: boolean;
}
/**
 * End the second run.
 */
export interface StopRerun {
  request_id?: string;
  type: 'stop_rerun';
}
/**
 * Put what a rule finds in a cell of this notebook aside; an empty `reason` takes that back.
 */
export interface DismissFinding {
  request_id?: string;
  type: 'dismiss_finding';
  rule: string;
  cell_id: string;
  reason: string;
}
/**
 * Run a cell of the person's own in the notebook's kernel, behind those that were sent before.
 *
 * What it gives is told and kept as a run's cells are, under the run id `OWN_CELLS`.
 */
export interface RunOwnCell {
  request_id?: string;
  type: 'run_own_cell';
  cell_id: string;
  source: string;
}
/**
 * The socket's first frame: who serves, the last `seq` that the replay will reach, and the classes that are allowed
 * in the notebook now, in whichever of its sessions somebody did so.
 */
export interface Hello {
  type: 'hello';
  protocol: number;
  version: string;
  session: SessionInfo;
  last_seq: number;
  allowed: RiskClass[];
}
/**
 * One conversation, bound to a notebook (`path` relative to the server's root) and its kernel.
 */
export interface SessionInfo {
  session_id: string;
  path: string;
  kernel_name: string;
  created: number;
  run_id: string;
  run_status: RunStatus | null;
  task: string;
}
/**
 * Stored events that the client does not have, in order. After `hello` come as many of these as it takes.
 */
export interface Replay {
  type: 'replay';
  events: Event[];
}
/**
 * The answer to one command. `error` is a sentence for the person; `code` names it for programs.
 */
export interface Reply {
  type: 'reply';
  request_id: string;
  ok: boolean;
  code: string;
  error: string;
}
/**
 * Nothing to tell for a while. Proxies cut a connection that is silent, and a page can't see that one is dead.
 */
export interface Beat {
  type: 'beat';
}
/**
 * A model that can be chosen. `language_model` is False for the recipes.
 *
 * `context_window` is in tokens, the prices are in US dollars per million tokens of prompt and of reply; None is
 * unknown. `detail` says why it isn't available, or where it is.
 */
export interface ModelInfo {
  model: string;
  label: string;
  language_model: boolean;
  available: boolean;
  detail: string;
  context_window: number | null;
  sees_images: boolean;
  price_in: number | null;
  price_out: number | null;
}
/**
 * What `/ml-intern/health` answers.
 */
export interface Health {
  version: string;
  protocol: number;
  sessions: number;
  running: number;
}
/**
 * What a run changed in its notebook, cell by cell in the notebook's order; removed ones come last.
 */
export interface RunChanges {
  run_id: string;
  path: string;
  cells: CellChange[];
}
/**
 * A cell of a notebook beside what a run made of it.
 *
 * `kind`: the run put it there (`added`), a person has changed it since (`edited`), it has left again (`removed`), or
 * the run has nothing to do with it (`other`). `lines` are those of its source, each behind "+", "-" or " ": what was
 * added, taken away, or stands as before. `outputs` is their text, shortened.
 */
export interface CellChange {
  cell_id: string;
  cell_type: string;
  kind: 'added' | 'edited' | 'removed' | 'other';
  lines: string[];
  outputs: string;
}

/** Raised whenever an older panel could misread a message. */
export const PROTOCOL_VERSION = 1;
