import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { PartialJSONObject } from '@lumino/coreutils';

import { CellOutputs } from './notebookOutputs';
import type {
  CellFinished,
  CellOutput,
  CellProposed,
  CellStarted,
  Event,
  IOPubMessage,
  Note,
  RunFinished,
  RunStarted
} from './protocol';
import { assertNever, type CellStatus } from './reducer';

/** Where cells and notebook carry our facts. They are shown, never obeyed. */
export const METADATA_KEY = 'ml_intern';

/** The run id of events about the person's own cells, which no run wrote. */
export const OWN_CELLS = 'own';

/** What a cell carries under our key. */
export interface ICellFacts {
  run_id?: string;
  status?: CellStatus;
}

type NewCell = {
  id: string;
  cell_type: 'code' | 'markdown';
  source: string;
  metadata: PartialJSONObject;
};

/** What the fold needs of a notebook; JupyterLab's model of one has it. */
export interface INotebookContent {
  readonly cells: Iterable<ICellModel>;
  readonly sharedModel: {
    insertCell(index: number, cell: NewCell): unknown;
    deleteCell(index: number): void;
    transact(change: () => void, undoable?: boolean): void;
  };
  getMetadata(key: string): unknown;
  setMetadata(key: string, value: unknown): void;
}

/**
 * The fold from one session's events to the cells of an open notebook, the same as the server's for a closed one.
 *
 * It is idempotent: the server minted every cell's id, and the notebook says up to which event it was brought. What the
 * person deletes stays deleted, and none of it enters the person's undo history.
 */
export class NotebookDocument {
  constructor(
    readonly model: INotebookContent,
    private readonly sessionId: string
  ) {}

  /**
   * Bring the notebook up to the session's history. Cells that still run get their outputs anew, so that what follows
   * finds its place.
   *
   * @param history - All stored events of the session so far.
   */
  adopt(history: readonly Event[]): void {
    const claimed = this.sessions()[this.sessionId];
    const last = history.length > 0 ? history[history.length - 1].seq : 0;
    // A notebook that claims to be further than the journal is not believed.
    this._seq =
      typeof claimed === 'number' && claimed >= 0 && claimed <= last
        ? claimed
        : 0;
    this._unfinished = unfinished(history);
    history.forEach(event => this.apply(event));
    this._unfinished = new Set();
  }

  /** Fold one stored event in. */
  apply(event: Event): void {
    const fresh = event.seq > this._seq;
    this.fold(event, fresh);
    if (fresh) {
      this._seq = event.seq;
      if (TOUCHING.has(event.type)) {
        this.model.setMetadata(METADATA_KEY, {
          ...this.facts(),
          sessions: { ...this.sessions(), [this.sessionId]: event.seq }
        });
      }
    }
  }

  /** Remember what later events need; the server writes this one into the document that all pages share. */
  observe(event: Event): void {
    this.fold(event, false);
    this._seq = event.seq;
  }

  /** The cell with that id; null where the person deleted it. */
  cell(cellId: string): ICellModel | null {
    for (const cell of this.model.cells) {
      if (cell.id === cellId) {
        return cell;
      }
    }
    return null;
  }

  /** Whether a person changed the agent's text in a cell, before it ran or since. */
  isEdited(cell: ICellModel): boolean {
    const given = this._given.get(cell.id);
    return (
      this._edited.has(cell.id) ||
      (given !== undefined && cell.sharedModel.getSource() !== given)
    );
  }

  // Each branch remembers what later events need, and touches the notebook only for a fresh event.
  private fold(event: Event, fresh: boolean): void {
    switch (event.type) {
      case 'run_started':
        this.note(event, fresh);
        return;
      case 'run_finished':
        this._origins.set(event.run_id, event.provenance);
        if (fresh) {
          this.tellOrigin(event.run_id);
        }
        this.note(event, fresh);
        return;
      case 'cell_proposed':
        this.propose(event, fresh);
        return;
      case 'cell_decided':
        if (event.decision === 'reject') {
          const note = this._proposals.get(event.cell_id)?.note;
          if (fresh) {
            this.remove([event.cell_id, ...(note ? [note.cell_id] : [])]);
          }
          return;
        }
        this.decide(event.cell_id, event.source, event.edited, fresh);
        return;
      case 'cell_started':
        this.start(event, fresh);
        return;
      case 'cell_output':
        this.output(event, fresh);
        return;
      case 'cell_finished':
        if (event.run_id === OWN_CELLS) {
          if (fresh) {
            this.setExecution(event.cell_id, 'idle', event.execution_count);
          }
          return;
        }
        this._running = '';
        this._ends.set(event.cell_id, event);
        if (fresh) {
          this.setStatus(event.cell_id, event.status);
          this.setExecution(event.cell_id, 'idle', event.execution_count);
          this.setFacts(event.cell_id, { provenance: event.provenance });
        }
        return;
      case 'run_undone':
        event.removed.forEach(cellId => this._undone.delete(cellId));
        Object.entries(event.sources).forEach(([cellId, source]) => {
          this._undone.set(cellId, source);
        });
        if (fresh) {
          this.remove(event.removed);
          const own = [...(this._runCells.get(event.run_id) ?? [])];
          if (own.every(cellId => this.cell(cellId) === null)) {
            this.setRun(event.run_id, null);
          }
        }
        return;
      case 'run_redone':
        if (fresh) {
          event.restored.forEach((cellId, index) => {
            this.bringBack(cellId, event.after[index], event.run_id);
          });
          this.tellOrigin(event.run_id);
        }
        return;
      case 'run_paused':
        if (event.resumable) {
          this.interrupt(fresh);
        }
        return;
      case 'artifact_added':
      case 'cell_overdue':
      case 'classes_allowed':
      case 'finding_added':
      case 'finding_dismissed':
      case 'input_answered':
      case 'input_requested':
      case 'lease_moved':
      case 'message_sent':
      case 'metric_logged':
      case 'mode_changed':
      case 'model_changed':
      case 'model_progress':
      case 'files_listed':
      case 'plan_changed':
      case 'rerun_finished':
      case 'rerun_progress':
      case 'rerun_started':
      case 'review_finished':
      case 'run_resumed':
      case 'step_finished':
      case 'text_delta':
      case 'warning_raised':
        return;
      default:
        assertNever(event);
    }
  }

  private note(event: RunStarted | RunFinished, fresh: boolean): void {
    if (event.note === null) {
      return;
    }
    this.remember(event.run_id, event.note.cell_id, event.note.source);
    if (fresh) {
      const after = event.type === 'run_started' ? event.after : null;
      this.insert(markdown(event.note, event.run_id), after, event.run_id);
    }
  }

  private propose(event: CellProposed, fresh: boolean): void {
    const { note, run_id } = event;
    this._proposals.set(event.cell_id, event);
    if (note) {
      this.remember(run_id, note.cell_id, note.source);
      if (fresh) {
        this.insert(markdown(note, run_id), event.after, run_id);
      }
    }
    this.remember(run_id, event.cell_id, event.source);
    if (fresh) {
      this.insert(code(event), note ? note.cell_id : event.after, run_id);
    }
  }

  /** Put a cell back that undoing its run took out: with its last source, its outputs and its end. */
  private bringBack(cellId: string, after: string, runId: string): void {
    const source = this._undone.get(cellId) ?? this._given.get(cellId);
    if (source === undefined) {
      return;
    }
    const proposal = this._proposals.get(cellId);
    const cell = proposal
      ? { ...code(proposal), source }
      : markdown({ cell_id: cellId, source }, runId);
    if (after === '') {
      this.insertAt(0, cell);
    } else {
      this.insert(cell, after, runId);
    }
    const end = this._ends.get(cellId);
    if (end) {
      const outputs = new CellOutputs();
      this._outputs.set(cellId, outputs);
      (this._messages.get(cellId) ?? []).forEach(message => {
        outputs.add(message, this.outputs(cellId));
      });
      this.setFacts(cellId, {
        status: end.status,
        provenance: end.provenance
      });
      this.setExecution(cellId, 'idle', end.execution_count);
    }
  }

  private decide(
    cellId: string,
    source: string,
    edited: boolean,
    fresh: boolean
  ): void {
    if (edited) {
      this._edited.add(cellId);
    }
    if (fresh) {
      // Approved elsewhere while a person edited it here: their text comes back with Undo.
      this.setSource(cellId, source, !this.isUntouched(cellId));
      this.setStatus(cellId, 'approved');
    }
    this._given.set(cellId, source);
  }

  /** Nobody will tell any more how the running cell ended. */
  private interrupt(fresh: boolean): void {
    if (fresh && this._running !== '') {
      const cell = this.codeCell(this._running);
      this.setStatus(this._running, 'stopped');
      this.setExecution(this._running, 'idle', cell?.executionCount ?? null);
    }
    this._running = '';
  }

  private start(event: CellStarted, fresh: boolean): void {
    const cellId = event.cell_id;
    const isOwn = event.run_id === OWN_CELLS;
    this._running = isOwn ? this._running : cellId;
    this._messages.set(cellId, []);
    this._outputs.set(cellId, new CellOutputs());
    if (fresh && !isOwn) {
      this.supersede(cellId);
      this.setStatus(cellId, 'running');
    }
    if (fresh || this._unfinished.has(cellId)) {
      const cell = this.codeCell(cellId);
      if (cell !== null) {
        // As when the person runs it: what it shows was made here.
        const shared = cell.sharedModel;
        shared.transact(() => {
          cell.trusted = true;
        }, false);
        cell.outputs.clear();
      }
      this.setExecution(cellId, 'running', null);
    }
  }

  private output(event: CellOutput, fresh: boolean): void {
    const touches = fresh || this._unfinished.has(event.cell_id);
    if (event.message.msg_type === 'update_display_data') {
      // An update changes every display with that id, in whichever cell it stands.
      this._outputs.forEach((outputs, cellId) => {
        const shows = fresh || this._unfinished.has(cellId);
        outputs.update(event.message, shows ? this.outputs(cellId) : null);
      });
      return;
    }
    this._messages.get(event.cell_id)?.push(event.message);
    const outputs = this._outputs.get(event.cell_id) ?? new CellOutputs();
    this._outputs.set(event.cell_id, outputs);
    outputs.add(event.message, touches ? this.outputs(event.cell_id) : null);
  }

  /** A repair starts: the failed cell goes, and its heading moves to the repair's note. The person's text stays. */
  private supersede(cellId: string): void {
    const repair = this._proposals.get(cellId);
    const failed = this._proposals.get(repair?.replaces ?? '');
    if (!repair || !failed || !this.isUntouched(failed.cell_id)) {
      return;
    }
    this.remove([failed.cell_id]);
    const [old, own] = [failed.note, repair.note];
    if (!old || !own || !this.isUntouched(old.cell_id)) {
      return;
    }
    const heading = (this._given.get(old.cell_id) ?? '').split('\n', 1)[0];
    this.remove([old.cell_id]);
    if (heading.startsWith('#') && this.isUntouched(own.cell_id)) {
      const source = `${heading}\n\n${own.source}`;
      this._given.set(own.cell_id, source);
      this.setSource(own.cell_id, source);
    }
  }

  private isUntouched(cellId: string): boolean {
    const source = this.cell(cellId)?.sharedModel.getSource();
    return source !== undefined && source === this._given.get(cellId);
  }

  private remember(runId: string, cellId: string, source: string): void {
    const cells = this._runCells.get(runId) ?? new Set<string>();
    this._runCells.set(runId, cells.add(cellId));
    this._given.set(cellId, source);
  }

  /** Put a cell after the cell `after`; where that is gone, after the last cell of the run, else at the end. */
  private insert(cell: NewCell, after: string | null, runId: string): void {
    const cells = [...this.model.cells];
    const ids = cells.map(each => each.id);
    if (ids.includes(cell.id)) {
      return;
    }
    const own = [...(this._runCells.get(runId) ?? [])].reverse();
    const anchor =
      after !== null && ids.includes(after)
        ? after
        : own.find(id => ids.includes(id));
    const position =
      cells.length === 1 && isBlank(cells[0])
        ? // A new notebook's empty cell stays the last one, to go on in.
          0
        : anchor === undefined
          ? ids.length
          : ids.indexOf(anchor) + 1;
    this.insertAt(position, cell);
  }

  private insertAt(position: number, cell: NewCell): void {
    const { sharedModel } = this.model;
    if (this.cell(cell.id) === null) {
      sharedModel.transact(() => sharedModel.insertCell(position, cell), false);
    }
  }

  private remove(cellIds: readonly string[]): void {
    for (const cellId of cellIds) {
      const index = [...this.model.cells].findIndex(({ id }) => id === cellId);
      if (index >= 0) {
        const { sharedModel } = this.model;
        sharedModel.transact(() => sharedModel.deleteCell(index), false);
      }
    }
  }

  private setSource(cellId: string, source: string, undoable = false): void {
    const shared = this.cell(cellId)?.sharedModel;
    // Setting the same text again would move the person's cursor.
    if (shared !== undefined && shared.getSource() !== source) {
      if (undoable) {
        // What was typed a moment ago is another step of the history.
        (shared as IWithHistory).undoManager?.stopCapturing();
      }
      shared.transact(() => shared.setSource(source), undoable);
    }
  }

  private setStatus(cellId: string, status: CellStatus): void {
    this.setFacts(cellId, { status });
  }

  /** Note in the notebook what is known of a run that wrote it. */
  private tellOrigin(runId: string): void {
    const origin = this._origins.get(runId);
    if (origin !== undefined && Object.keys(origin).length > 0) {
      this.setRun(runId, origin);
    }
  }

  /** What the notebook keeps of a run; null takes it out. */
  private setRun(runId: string, provenance: object | null): void {
    const runs = { ...objectOr(this.facts().runs), [runId]: provenance };
    if (provenance === null) {
      delete runs[runId];
    }
    this.model.setMetadata(METADATA_KEY, { ...this.facts(), runs });
  }

  private setFacts(cellId: string, more: object): void {
    const cell = this.cell(cellId);
    if (cell !== null) {
      const facts = { ...factsOf(cell), ...more };
      const shared = cell.sharedModel;
      shared.transact(() => cell.setMetadata(METADATA_KEY, facts), false);
    }
  }

  private setExecution(
    cellId: string,
    state: 'running' | 'idle',
    count: number | null
  ): void {
    const cell = this.codeCell(cellId);
    if (cell !== null) {
      cell.executionCount = count;
      cell.executionState = state;
    }
  }

  private codeCell(cellId: string): ICodeCellModel | null {
    const cell = this.cell(cellId);
    return cell?.type === 'code' ? (cell as ICodeCellModel) : null;
  }

  private outputs(cellId: string): ICodeCellModel['outputs'] | null {
    return this.codeCell(cellId)?.outputs ?? null;
  }

  private facts(): Record<string, unknown> {
    return objectOr(this.model.getMetadata(METADATA_KEY));
  }

  private sessions(): Record<string, unknown> {
    return objectOr(this.facts().sessions);
  }

  private readonly _proposals = new Map<string, CellProposed>();
  private readonly _runCells = new Map<string, Set<string>>();
  private readonly _outputs = new Map<string, CellOutputs>();
  /** The source that each cell was given last. */
  private readonly _given = new Map<string, string>();
  private readonly _edited = new Set<string>();
  private readonly _messages = new Map<string, IOPubMessage[]>();
  private readonly _ends = new Map<string, CellFinished>();
  private readonly _origins = new Map<string, object>();
  /** What undoing took out although the person had changed it. */
  private readonly _undone = new Map<string, string>();
  private _unfinished = new Set<string>();
  private _running = '';
  private _seq = 0;
}

/** A shared cell has its history, which its type doesn't tell. */
interface IWithHistory {
  readonly undoManager?: { stopCapturing(): void } | null;
}

/** What a cell carries of ours; nothing where it isn't the agent's. */
export function factsOf(cell: ICellModel): ICellFacts {
  return objectOr(cell.getMetadata(METADATA_KEY));
}

/** The events after which the notebook says that it was brought further. */
const TOUCHING: ReadonlySet<Event['type']> = new Set([
  'run_started',
  'cell_proposed',
  'cell_decided',
  'cell_started',
  'cell_output',
  'cell_finished',
  'run_paused',
  'run_redone',
  'run_undone',
  'run_finished'
]);

/** The cells that started and haven't ended. */
function unfinished(history: readonly Event[]): Set<string> {
  const running = new Set<string>();
  for (const event of history) {
    if (event.type === 'cell_started') {
      running.add(event.cell_id);
    } else if (event.type === 'cell_finished') {
      running.delete(event.cell_id);
    } else if (event.type === 'run_paused' && event.resumable) {
      running.clear();
    }
  }
  return running;
}

function code(event: CellProposed): NewCell {
  const { run_id, risk, plan_item } = event;
  const facts = { run_id, status: 'proposed', risk, plan_item };
  return {
    id: event.cell_id,
    cell_type: 'code',
    source: event.source,
    metadata: { [METADATA_KEY]: facts, trusted: true }
  };
}

function markdown(note: Note, runId: string): NewCell {
  return {
    id: note.cell_id,
    cell_type: 'markdown',
    source: note.source,
    metadata: { [METADATA_KEY]: { run_id: runId } }
  };
}

function isBlank(cell: ICellModel): boolean {
  return cell.type === 'code' && cell.sharedModel.getSource() === '';
}

function objectOr(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
