import { SplitPanel, type Widget } from '@lumino/widgets';

/** So many pixels show a proposal's code without a break in most lines. */
const WIDTH = 400;

/** What is left for the notebook is at least this share of the window. */
const LEFT_FOR_NOTEBOOK = 0.4;

const DONE_KEY = 'ml-intern:widened';

/**
 * Give the panel a comfortable width when it is shown in this browser for the first time.
 *
 * JupyterLab opens every sidebar at its smallest. Later the width is the person's.
 */
export function widenOnce(
  panel: Widget,
  storage: Storage = window.localStorage
): void {
  let side = panel;
  while (side.parent && !(side.parent instanceof SplitPanel)) {
    side = side.parent;
  }
  const split = side.parent;
  if (!(split instanceof SplitPanel) || storage.getItem(DONE_KEY) !== null) {
    return;
  }
  const index = split.widgets.indexOf(side);
  const neighbour = index === 0 ? 1 : index - 1;
  const sizes = split.relativeSizes();
  const missing =
    (WIDTH - panel.node.clientWidth) / Math.max(split.node.clientWidth, 1);
  if (missing > 0) {
    if (sizes[neighbour] - missing < LEFT_FOR_NOTEBOOK) {
      return;
    }
    sizes[neighbour] -= missing;
    sizes[index] += missing;
    split.setRelativeSizes(sizes);
  }
  storage.setItem(DONE_KEY, 'true');
}
