import type { ISharedNotebook } from '@jupyter/ydoc';
import type * as nbformat from '@jupyterlab/nbformat';
import { JSONExt, type PartialJSONValue } from '@lumino/coreutils';

import { METADATA_KEY } from './notebookDocument';

type Notebook = nbformat.INotebookContent;

/**
 * Bring into an open notebook what somebody else has done to its file: cells added, changed and deleted, by their ids.
 *
 * Of the intern's cells only those that have ended count; whoever leads brings in the others. A cell that only ran over
 * there gets the outputs, unless it ran here too.
 *
 * @param base - The notebook as it was read or saved here last.
 * @param there - What is in the file now.
 * @returns Whether that could be done; else nothing was: both changed a cell, or cells were moved over there, or have no
 * ids (before nbformat 4.5), or the intern has never worked in this notebook.
 */
export function mergeTheirs(
  base: Notebook,
  there: Notebook,
  notebook: ISharedNotebook
): boolean {
  const known = [base, there].some(({ metadata }) => METADATA_KEY in metadata);
  const named = [base, there].every(({ cells }) => cells.every(({ id }) => id));
  if (!known || !named) {
    return false;
  }
  const before = settledCells(base.cells);
  const theirs = settledCells(there.cells);
  const changed = there.cells.filter(
    cell =>
      theirs.has(idOf(cell)) &&
      !isSame(before.get(idOf(cell)), cell) &&
      (before.has(idOf(cell)) || !isInterns(cell))
  );
  const deleted = [...before.keys()].filter(id => !theirs.has(id));
  const here = new Map(
    notebook.cells.map(cell => [cell.id, cell.toJSON() as nbformat.ICell])
  );
  const clash = [...changed.map(idOf), ...deleted].some(id =>
    isClash(before.get(id), theirs.get(id), here.get(id))
  );
  if (clash || isMoved([...before.keys()], [...theirs.keys()])) {
    return false;
  }
  notebook.transact(() => {
    for (const id of deleted) {
      const index = indexOf(notebook, id);
      // One that still stands there hasn't ended: it runs again.
      if (index >= 0 && !there.cells.some(cell => idOf(cell) === id)) {
        notebook.deleteCell(index);
      }
    }
    for (const cell of changed) {
      bringIn(notebook, cell, there.cells, before.get(idOf(cell)));
    }
  }, false);
  return true;
}

function bringIn(
  notebook: ISharedNotebook,
  cell: nbformat.ICell,
  theirs: readonly nbformat.ICell[],
  before: nbformat.ICell | undefined
): void {
  const index = indexOf(notebook, idOf(cell));
  if (index < 0) {
    const above = theirs.slice(0, theirs.indexOf(cell)).reverse();
    const after = above
      .map(each => indexOf(notebook, idOf(each)))
      .find(each => each >= 0);
    notebook.insertCell((after ?? -1) + 1, cell);
  } else if (isSame(before, notebook.cells[index].toJSON())) {
    notebook.deleteCell(index);
    notebook.insertCell(index, cell);
  }
}

/** Both changed the text of a cell, each otherwise, or one deleted what the other changed. */
function isClash(
  before: nbformat.ICell | undefined,
  theirs: nbformat.ICell | undefined,
  here: nbformat.ICell | undefined
): boolean {
  const [was, there, now] = [before, theirs, here].map(textOf);
  return was !== there && was !== now && there !== now;
}

function isMoved(before: readonly string[], after: readonly string[]): boolean {
  const kept = after.filter(id => before.includes(id));
  return before
    .filter(id => after.includes(id))
    .some((id, index) => kept[index] !== id);
}

/** By id, the cells that are people's, and those of the intern that have ended. */
function settledCells(
  cells: readonly nbformat.ICell[]
): Map<string, nbformat.ICell> {
  return new Map(
    cells
      .filter(cell => {
        const status = factsOf(cell)?.status;
        return !isInterns(cell) || status === 'done' || status === 'failed';
      })
      .map(cell => [idOf(cell), cell])
  );
}

const factsOf = (cell: nbformat.ICell): { status?: unknown } | undefined =>
  cell.metadata[METADATA_KEY] as { status?: unknown } | undefined;
const isInterns = (cell: nbformat.ICell): boolean =>
  factsOf(cell) !== undefined;
const idOf = (cell: nbformat.ICell): string => cell.id as string;

function indexOf(notebook: ISharedNotebook, id: string): number {
  return notebook.cells.findIndex(cell => cell.id === id);
}

function textOf(cell: nbformat.ICell | undefined): string {
  return cell === undefined
    ? ''
    : `${cell.cell_type} ${[cell.source].flat().join('')}`;
}

function isSame(
  one: nbformat.ICell | undefined,
  other: nbformat.ICell
): boolean {
  const shown = (cell: nbformat.ICell): PartialJSONValue[] => [
    textOf(cell),
    (cell.outputs as PartialJSONValue) ?? null
  ];
  return one !== undefined && JSONExt.deepEqual(shown(one), shown(other));
}
