import { Notification } from '@jupyterlab/apputils';
import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

import type { ProposalBar } from './notebookProposal';

/** The notebook toolbar's button ▶. */
const RUN_BUTTON = '[data-command="notebook:run-cell-and-select-next"]';

/** What is needed of an open notebook. */
export interface IRunnable {
  readonly content: { readonly activeCell: Cell | null };
  readonly toolbar: Widget;
}

/** JupyterLab is about to run a cell of a notebook. */
export type Scheduled = ISignal<
  unknown,
  { readonly notebook: object; readonly cell: Cell }
>;

/**
 * What JupyterLab's own ways to run a cell do to a proposal.
 *
 * ▶ approves it, as the keys do. Where a menu ran it all the same, such as Run All, the person hears what that means:
 * how their own cells run is no place to decide what a run may do.
 */
export function watchRuns(
  panel: IRunnable,
  scheduled: Scheduled,
  bar: () => ProposalBar | null,
  trans: TranslationBundle
): IDisposable {
  // JupyterLab's buttons act when they are pressed.
  const onPress = (event: MouseEvent): void => {
    const active = panel.content.activeCell?.model.id;
    const proposal = bar();
    if (
      proposal !== null &&
      proposal.cellId === active &&
      event.button === 0 &&
      event.target instanceof Element &&
      event.target.closest(RUN_BUTTON)
    ) {
      event.stopImmediatePropagation();
      event.preventDefault();
      void proposal.approve();
    }
  };
  const onScheduled = (
    _: unknown,
    { notebook, cell }: { readonly notebook: object; readonly cell: Cell }
  ): void => {
    if (notebook === panel.content && cell.model.id === bar()?.cellId) {
      Notification.warning(
        trans.__(
          'The proposed cell ran as yours. ML Intern still waits for you: approve it, which runs it again, or reject it.'
        ),
        { autoClose: false }
      );
    }
  };
  panel.toolbar.node.addEventListener('mousedown', onPress, true);
  scheduled.connect(onScheduled);
  return new DisposableDelegate(() => {
    panel.toolbar.node.removeEventListener('mousedown', onPress, true);
    scheduled.disconnect(onScheduled);
  });
}
