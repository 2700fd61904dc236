import type { RerunFinished, RerunProgress, RerunStarted } from './protocol';

/** A second run of the notebook, as its events tell it. */
export interface IRerunState {
  /** Code cells of one run. */
  readonly total: number;
  /** Code cells that ran, over all runs. */
  readonly done: number;
  /** What came of it; null while it works. */
  readonly finished: RerunFinished | null;
}

/** Fold one event of a second run into its state. Pure, the same on replay and live. */
export function reduceRerun(
  rerun: IRerunState | null,
  event: RerunStarted | RerunProgress | RerunFinished
): IRerunState {
  switch (event.type) {
    case 'rerun_started':
      return { total: event.total, done: 0, finished: null };
    case 'rerun_progress':
      return { total: 0, finished: null, ...rerun, done: event.done };
    case 'rerun_finished':
      return { total: 0, done: 0, ...rerun, finished: event };
  }
}
