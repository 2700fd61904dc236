import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { serverProblem } from './health';

// The settings' schema names the icon, which must have been made by then.
export { internIcon } from './icon';

const PLUGIN_ID = 'ml-intern-jlab:plugin';

/** Tell the person, once the page can show it, when the server half is missing or doesn't fit. */
async function checkServer(
  app: JupyterFrontEnd,
  registry: ISettingRegistry
): Promise<void> {
  const settings = await registry.load(PLUGIN_ID);
  if (!settings.get('checkServer').composite) {
    return;
  }
  const problem = await serverProblem(app.serviceManager.serverSettings);
  await app.restored;
  if (problem !== null) {
    Notification.error(problem, { autoClose: false });
  }
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'The ML intern: tells when its server half is missing.',
  autoStart: true,
  requires: [ISettingRegistry],
  activate: (app: JupyterFrontEnd, registry: ISettingRegistry) => {
    // Not awaited: the page must not wait for our server half.
    checkServer(app, registry).catch((error: unknown) => {
      Notification.error(`The ML intern could not start: ${String(error)}`, {
        autoClose: false
      });
    });
  }
};

export default plugin;
