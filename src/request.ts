import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { Health } from './protocol';

/** The server half's routes lie under this path. */
const NAMESPACE = 'ml-intern';

/**
 * Ask the server half for JSON.
 *
 * @param path - The route below `/ml-intern/`.
 * @param settings - The connection's settings.
 * @param init - Method, body and the like, as for `fetch`.
 * @throws ServerConnection.NetworkError where no answer came.
 * @throws ServerConnection.ResponseError where the server refused, or its answer is no JSON.
 */
export async function requestJson<T>(
  path: string,
  settings: ServerConnection.ISettings,
  init: RequestInit = {}
): Promise<T> {
  const url = URLExt.join(settings.baseUrl, NAMESPACE, path);
  const response = await ServerConnection.makeRequest(url, init, settings);
  if (!response.ok) {
    throw await ServerConnection.ResponseError.create(response);
  }
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw new ServerConnection.ResponseError(
      response,
      `The server's answer to ${path} is no JSON: ${String(error)}`
    );
  }
}

/** What the server half says about itself. It throws what `requestJson` throws. */
export function requestHealth(
  settings: ServerConnection.ISettings
): Promise<Health> {
  return requestJson<Health>('health', settings);
}
