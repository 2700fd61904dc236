import type { RunRedone, RunUndone } from './protocol';
import type { ICellState, IRunState } from './reducer';

/** What undoing has taken out of the notebook, and what it left there. */
export interface IUndone {
  /** The cells that are out of the notebook now, notes included. */
  readonly gone: ReadonlySet<string>;
  /** Cells that stayed because a person had changed them. */
  readonly kept: readonly string[];
  /** The cell behind which the first of them stood; empty where that was the notebook's top. */
  readonly place: string;
}

export const NOTHING_UNDONE: IUndone = {
  gone: new Set(),
  kept: [],
  place: ''
};

/** What is undone after one more step. */
export function undo(before: IUndone, event: RunUndone): IUndone {
  const gone = new Set([...before.gone, ...event.removed]);
  const kept = new Set([...before.kept, ...event.kept]);
  const after = event.after.find(cellId => !gone.has(cellId));
  return {
    gone,
    kept: [...kept].filter(cellId => !gone.has(cellId)),
    place: after ?? before.place
  };
}

/** What is undone after cells came back. */
export function redo(before: IUndone, event: RunRedone): IUndone {
  const gone = new Set(before.gone);
  event.restored.forEach(cellId => gone.delete(cellId));
  return gone.size === 0 ? NOTHING_UNDONE : { ...before, gone };
}

/** The cells of a run that ran or wait and that nothing has taken out of the notebook yet, in order. */
export function standingCells(run: IRunState): ICellState[] {
  const { gone, kept } = run.undone;
  return [...run.cells.values()].filter(
    ({ proposal: { cell_id }, status }) =>
      status !== 'rejected' &&
      status !== 'superseded' &&
      !gone.has(cell_id) &&
      !kept.includes(cell_id)
  );
}

/** Whether the run has ended, and something of it can be taken out of the notebook. */
export function isUndoable(run: IRunState): boolean {
  return (
    run.status !== 'running' &&
    run.status !== 'paused' &&
    (run.undone.gone.size === 0 || standingCells(run).length > 0)
  );
}
