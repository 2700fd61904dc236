import type { ICodeCellModel } from '@jupyterlab/cells';

import {
  KernelError,
  runCell,
  type INotebookCellExecutor
} from './notebookTracker';
import type { NotebookWriter } from './notebookWriter';
import type { CellFinished } from './protocol';

type Options = Parameters<INotebookCellExecutor['runCell']>[0];

/** What a cell may ask its person only through their own page. */
const ASKING =
  /\binput\s*\(|getpass|breakpoint\s*\(|set_trace|^\s*%\s*(pdb|debug)\b/m;

/** Finds the writer of an open notebook; null where this page doesn't write it. */
export type WriterOf = (model: object) => Promise<NotebookWriter | null>;

/**
 * Runs the cells that the person runs: as JupyterLab does, or, where they chose so, by our server half.
 *
 * What is sent together stays in order, whichever way each cell goes.
 */
export class CellExecutor implements INotebookCellExecutor {
  /** Who finds the writers that let the server run a cell; null while the person leaves that to JupyterLab. */
  writerOf: WriterOf | null = null;

  async runCell(options: Options): Promise<boolean> {
    const { writerOf } = this;
    if (writerOf === null || options.cell.model.type !== 'code') {
      return runCell(options);
    }
    const before = this._sent;
    let sent = () => {};
    this._sent = new Promise(resolve => (sent = resolve));
    try {
      await before;
      const writer = isForServer(options)
        ? await writerOf(options.notebook).catch(() => null)
        : null;
      if (writer !== null) {
        const running = this.runOnServer(options, writer, sent);
        this._ended = running.catch(() => undefined);
        return await running;
      }
      await this._ended;
      const running = runCell(options);
      sent();
      return await running;
    } finally {
      sent();
    }
  }

  private async runOnServer(
    options: Options,
    writer: NotebookWriter,
    sent: () => void
  ): Promise<boolean> {
    const { cell, onCellExecuted, onCellExecutionScheduled } = options;
    const model = cell.model as ICodeCellModel;
    onCellExecutionScheduled({ cell });
    model.executionState = 'running';
    let finished: CellFinished;
    try {
      const source = model.sharedModel.getSource();
      const { ended } = await writer.runOwnCell(model.id, source);
      sent();
      finished = await ended;
    } catch (error) {
      model.executionState = 'idle';
      const told = error instanceof Error ? error : new Error(String(error));
      onCellExecuted({ cell, success: false, error: told as KernelError });
      throw told;
    }
    if (finished.status === 'done') {
      onCellExecuted({ cell, success: true });
      return true;
    }
    if (finished.error === null) {
      // It was not run, or nobody knows how it ended.
      onCellExecuted({ cell, success: false });
      return false;
    }
    const error = new KernelError({
      status: 'error',
      execution_count: finished.execution_count ?? 0,
      ename: finished.error.ename,
      evalue: finished.error.evalue,
      traceback: []
    });
    onCellExecuted({ cell, success: false, error });
    throw error;
  }

  private _sent: Promise<void> = Promise.resolve();
  private _ended: Promise<unknown> = Promise.resolve();
}

function isForServer({ cell, sessionContext }: Options): boolean {
  const source = cell.model.sharedModel.getSource();
  return (
    !!sessionContext?.session?.kernel &&
    !sessionContext.isTerminating &&
    !sessionContext.pendingInput &&
    source.trim() !== '' &&
    !ASKING.test(source)
  );
}
