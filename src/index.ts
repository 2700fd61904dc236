import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { ILauncher } from '@jupyterlab/launcher';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Panel } from '@lumino/widgets';

import { internIcon } from './icon';
import { INotebookCellExecutor, INotebookTracker } from './notebookTracker';
import { CellExecutor } from './ownCells';
import { EXECUTOR_ID, PANEL_ID, PLUGIN_ID } from './tokens';

// The settings' schema names the icon, which must have been made by then.
export { internIcon } from './icon';

/** An empty place for the panel, there in time for the layout that the person left. */
function panelPlace(caption: string): Panel {
  const place = new Panel();
  place.id = PANEL_ID;
  place.addClass('jp-Intern-place');
  place.title.icon = internIcon;
  place.title.caption = caption;
  return place;
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'The ML intern: its panel, and its cells in the notebook.',
  autoStart: true,
  requires: [
    ISettingRegistry,
    INotebookTracker,
    IRenderMimeRegistry,
    IEditorLanguageRegistry
  ],
  optional: [ITranslator, ICommandPalette, ILauncher, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    registry: ISettingRegistry,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    languages: IEditorLanguageRegistry,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null
  ) => {
    const trans = (translator ?? nullTranslator).load('ml_intern_jlab');
    const place = panelPlace(trans.__('ML Intern'));
    app.shell.add(place, 'right', { rank: 300, type: 'ML Intern' });
    restorer?.add(place, place.id);

    // The page must wait neither for our code nor for our server half.
    app.restored
      .then(() => import('./start'))
      .then(({ start }) =>
        start({
          app,
          registry,
          tracker,
          rendermime,
          languages,
          palette,
          launcher,
          trans,
          place,
          executor
        })
      )
      .catch((error: unknown) => {
        Notification.error(
          trans.__('The ML intern could not start: %1', String(error)),
          { autoClose: false }
        );
      });
  }
};

/** The one executor of the page; `start` tells it whether the server runs the person's own cells. */
const executor = new CellExecutor();

const executorPlugin: JupyterFrontEndPlugin<INotebookCellExecutor> = {
  id: EXECUTOR_ID,
  description:
    "Runs the person's own cells as JupyterLab does, or on the server where the settings say so.",
  autoStart: true,
  provides: INotebookCellExecutor,
  activate: () => executor
};

export default [plugin, executorPlugin];
