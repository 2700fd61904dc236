import type { NotebookPanel } from './notebookTracker';
import type { NotebookWriter } from './notebookWriter';

/** So many frames after a cell was added its place is settled. */
const SETTLED_AFTER = 30;

/**
 * Scroll along with a run for as long as the person looks at the place where it works.
 *
 * Who scrolls away reads something else and is left alone, until the place is in sight again.
 */
export function followWork(panel: NotebookPanel, writer: NotebookWriter): void {
  let last: string | null = null;
  writer.changed.connect(() => {
    const { place } = writer;
    if (place === last) {
      return;
    }
    const from = last;
    last = place;
    if (place !== null && (from === null || isInSight(panel, from))) {
      scrollTo(panel, place);
    }
  });
}

function scrollTo({ content }: NotebookPanel, cellId: string): void {
  const cell = content.widgets.find(({ model }) => model.id === cellId);
  if (cell === undefined) {
    return;
  }
  // JupyterLab attaches a new cell a little later, and what stands above takes its height only once it is painted.
  let frames = SETTLED_AFTER;
  const show = () => {
    const isTall = cell.node.clientHeight > content.node.clientHeight;
    cell.node.scrollIntoView({ block: isTall ? 'start' : 'nearest' });
    frames -= 1;
    if (frames > 0 && !cell.isDisposed) {
      requestAnimationFrame(show);
    }
  };
  requestAnimationFrame(show);
}

/** Whether any part of the cell is within the notebook's window; one that was deleted is where it was. */
function isInSight({ content }: NotebookPanel, cellId: string): boolean {
  const cell = content.widgets.find(({ model }) => model.id === cellId);
  if (cell === undefined) {
    return true;
  }
  const here = cell.node.getBoundingClientRect();
  const frame = content.node.getBoundingClientRect();
  return cell.isAttached && here.top < frame.bottom && here.bottom > frame.top;
}
