import type { NotebookPanel } from './notebookTracker';
import type { NotebookWriter } from './notebookWriter';

/** So many milliseconds after a cell was attached its place is settled. */
const SETTLED_AFTER = 1000;
/** So many milliseconds it may take until it is: JupyterLab waits for the page to be idle. */
const ATTACHED_WITHIN = 15_000;

/**
 * Scroll along with a run for as long as the person looks at the place where it works.
 *
 * Who scrolls away reads something else and is left alone, until the place is in sight again.
 */
export function followWork(panel: NotebookPanel, writer: NotebookWriter): void {
  let place: string | null = null;
  let shown: string | null = null;
  let until = 0;
  // JupyterLab attaches a new cell a little later, and what stands above takes its height only once it is painted.
  const show = () => {
    if (place !== null && !panel.isDisposed && performance.now() < until) {
      if (scrollTo(panel, place) && shown !== place) {
        shown = place;
        until = performance.now() + SETTLED_AFTER;
      }
      requestAnimationFrame(show);
    } else {
      until = 0;
    }
  };
  // A person who scrolls or clicks meanwhile has their way.
  for (const act of ['wheel', 'pointerdown', 'keydown']) {
    panel.content.node.addEventListener(act, () => (until = 0), true);
  }
  writer.changed.connect(() => {
    const from = place;
    place = writer.place;
    if (place === null || place === from) {
      return;
    }
    const isFollowing = until > 0;
    if (isFollowing || from === null || isInSight(panel, from)) {
      until = performance.now() + ATTACHED_WITHIN;
      if (!isFollowing) {
        requestAnimationFrame(show);
      }
    }
  });
}

/** Bring a cell into sight; whether it is there to be seen. */
function scrollTo({ content }: NotebookPanel, cellId: string): boolean {
  const cell = content.widgets.find(({ model }) => model.id === cellId);
  if (!cell?.isAttached) {
    return false;
  }
  const isTall = cell.node.clientHeight > content.node.clientHeight;
  cell.node.scrollIntoView({ block: isTall ? 'start' : 'nearest' });
  return true;
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
