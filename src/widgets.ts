import type { ICodeCellModel } from '@jupyterlab/cells';
import { KernelMessage } from '@jupyterlab/services';

import type { NotebookPanel } from './notebookTracker';

const VIEW = 'application/vnd.jupyter.widget-view+json';

/**
 * Draw the widgets of cells that the server ran once this page knows of them.
 *
 * A display reaches the page over the session's socket, the widget that it shows over the page's own connection to the
 * kernel, often a little later. ipywidgets doesn't look again. The connection tells its messages in order, so the
 * widget is there when the same display comes that way, too.
 */
export function drawWidgets({ content, sessionContext }: NotebookPanel): void {
  sessionContext.iopubMessage.connect((_, message) => {
    const own = sessionContext.session?.kernel?.clientId;
    if (
      (KernelMessage.isDisplayDataMsg(message) ||
        KernelMessage.isUpdateDisplayDataMsg(message) ||
        KernelMessage.isExecuteResultMsg(message)) &&
      (message.parent_header as { session?: string }).session !== own
    ) {
      const id = widgetIn(message.content.data);
      if (id !== null) {
        content.widgets.forEach(({ model }) => drawAgain(model, id));
      }
    }
  });
}

function drawAgain(model: { type: string }, id: string): void {
  if (model.type !== 'code') {
    return;
  }
  const { outputs } = model as ICodeCellModel;
  for (let index = 0; index < outputs.length; index++) {
    const output = outputs.get(index);
    if (widgetIn(output.data) === id) {
      outputs.set(index, output.toJSON());
    }
  }
}

/** The id of the widget that a display shows; null where it shows none. */
function widgetIn(data: Record<string, unknown>): string | null {
  const view = data[VIEW] as { model_id?: unknown } | undefined;
  return typeof view?.model_id === 'string' ? view.model_id : null;
}
