import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import { factsOf } from './notebookDocument';
import { ProposalBar } from './notebookProposal';
import type { NotebookWriter } from './notebookWriter';
import type { FindingAdded } from './protocol';

/** On the node of the cell that waits for a decision. */
export const PROPOSED_CLASS = 'jp-mlIntern-proposed';

/** What the marks need of a notebook's widget. */
export interface ICells {
  readonly widgets: readonly Cell[];
  readonly activeCell: Cell | null;
  activeCellIndex: number;
  /** Cells came, went, moved, or one's text or metadata changed. */
  readonly modelContentChanged: ISignal<unknown, void>;
}

/**
 * Marks the agent's cells at their left, and puts a bar beneath the one that waits for the person.
 *
 * JupyterLab makes a cell's widget anew when it moves, so all of this is laid on again whenever something changed.
 */
export class CellMarks implements IDisposable {
  constructor(
    private readonly cells: ICells,
    private readonly trans: TranslationBundle
  ) {
    cells.modelContentChanged.connect(this.schedule, this);
    this.schedule();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The bar of the cell that waits for the person; null when none does. */
  get bar(): ProposalBar | null {
    return this._bar;
  }

  /** Follow a writer until it is disposed of. */
  follow(writer: NotebookWriter): void {
    this._writers.add(writer);
    writer.changed.connect(this.onWriter, this);
    this.schedule();
  }

  /** Mark the cells in which a review found something, with the worst of it. */
  showFindings(findings: readonly FindingAdded[]): void {
    const worst = new Map<string, FindingAdded['severity']>();
    for (const severity of ['note', 'warning', 'error'] as const) {
      findings
        .filter(finding => finding.severity === severity)
        .forEach(({ cell_id }) => worst.set(cell_id, severity));
    }
    this._findings = worst;
    this.schedule();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.cancelAnimationFrame(this._frame);
    this.cells.modelContentChanged.disconnect(this.schedule, this);
    this._writers.forEach(writer =>
      writer.changed.disconnect(this.onWriter, this)
    );
    this._bar?.node.remove();
  }

  private onWriter(writer: NotebookWriter): void {
    if (writer.isDisposed) {
      this._writers.delete(writer);
    }
    this.schedule();
  }

  private schedule(): void {
    if (this._frame === 0 && !this._isDisposed) {
      this._frame = window.requestAnimationFrame(() => {
        this._frame = 0;
        this.refresh();
      });
    }
  }

  private refresh(): void {
    const writer = [...this._writers].find(({ pending }) => pending !== null);
    const pending = writer?.pending ?? null;
    const proposed = pending?.proposal.cell_id ?? '';
    let found = false;
    for (const cell of this.cells.widgets) {
      const isProposed = cell.model.id === proposed;
      found = found || isProposed;
      cell.node.classList.toggle(PROPOSED_CLASS, isProposed);
      this.mark(cell, isProposed);
      this.markFinding(cell);
      if (isProposed && writer && pending) {
        this._bar = this.barOf(writer, proposed);
        this._bar.update(pending);
        this.attach(cell, this._bar);
        this.goOn(cell);
      }
    }
    if (!found) {
      this._bar?.node.remove();
      this._bar = null;
    }
  }

  /** Who decided at one cell decides at the next, as long as they have not gone elsewhere. */
  private goOn(cell: Cell): void {
    const decided = this._decided;
    if (decided === '' || decided === cell.model.id) {
      return;
    }
    this._decided = '';
    const active = this.cells.activeCell?.model;
    const isGone = !this.cells.widgets.some(
      ({ model }) => model.id === decided
    );
    if (isGone || active?.id === decided) {
      this.cells.activeCellIndex = this.cells.widgets.indexOf(cell);
    }
  }

  private barOf(writer: NotebookWriter, cellId: string): ProposalBar {
    if (this._bar?.cellId === cellId) {
      return this._bar;
    }
    this._bar?.node.remove();
    return new ProposalBar(
      cellId,
      {
        approve: () => {
          this._decided = cellId;
          return writer.decide('approve');
        },
        reject: feedback => {
          this._decided = cellId;
          return writer.decide('reject', feedback);
        }
      },
      this.trans
    );
  }

  private attach(cell: Cell, bar: ProposalBar): void {
    if (bar.node.parentElement === cell.node) {
      return;
    }
    // A cell outside the window has no editor yet, and the bar stands beneath it.
    void cell.ready.then(() => {
      if (!cell.isDisposed && this._bar === bar) {
        cell.node.append(bar.node);
      }
    });
  }

  private markFinding(cell: Cell): void {
    const severity = this._findings.get(cell.model.id);
    if (severity === undefined) {
      delete cell.node.dataset.mlInternFinding;
    } else {
      cell.node.dataset.mlInternFinding = severity;
    }
  }

  private mark(cell: Cell, isProposed: boolean): void {
    const { status } = factsOf(cell.model);
    const node = cell.node;
    if (status === undefined) {
      delete node.dataset.mlIntern;
      return;
    }
    const edited =
      !isProposed &&
      [...this._writers].some(writer => writer.isEdited(cell.model));
    const mark = edited && status === 'done' ? 'edited' : status;
    if (node.dataset.mlIntern !== mark) {
      node.dataset.mlIntern = mark;
    }
  }

  private readonly _writers = new Set<NotebookWriter>();
  /** The cell on which the person decided last in this notebook. */
  private _decided = '';
  private _findings: ReadonlyMap<string, FindingAdded['severity']> = new Map();
  private _bar: ProposalBar | null = null;
  private _frame = 0;
  private _isDisposed = false;
}
