import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { PROTOCOL_VERSION } from './protocol';
import { requestHealth } from './request';

/**
 * Why this page can't work with the server half, and the command that mends it; null where all is well.
 *
 * JupyterLab shows the first 140 characters of a notification, so the command comes early.
 */
export async function serverProblem(
  settings: ServerConnection.ISettings,
  trans: TranslationBundle
): Promise<string | null> {
  try {
    const { protocol, version } = await requestHealth(settings);
    if (protocol === PROTOCOL_VERSION) {
      return null;
    }
    return (
      trans.__(
        "The ML intern's server half (%1) does not fit this page. Run this, restart Jupyter, reload:",
        version
      ) +
      '\n' +
      'pip install --upgrade ml-intern-jlab'
    );
  } catch (error) {
    if (
      error instanceof ServerConnection.ResponseError &&
      error.response.status === 404
    ) {
      return (
        trans.__(
          "The ML intern's server half is missing. Run this, then restart Jupyter:"
        ) +
        '\n' +
        'jupyter server extension enable ml_intern_jlab'
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    return (
      trans.__("The ML intern's server half does not answer. Find out why:") +
      '\n' +
      `jupyter ml-intern doctor\n${reason}`
    );
  }
}
