import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { Health, ModelInfo, RunChanges, SessionInfo } from './protocol';

/** The server half's routes lie under this path. */
export const NAMESPACE = 'ml-intern';

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
  const response = await request(path, settings, init);
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw new ServerConnection.ResponseError(
      response,
      `The server's answer to ${path} is no JSON: ${String(error)}`
    );
  }
}

async function request(
  path: string,
  settings: ServerConnection.ISettings,
  init: RequestInit
): Promise<Response> {
  const url = URLExt.join(settings.baseUrl, NAMESPACE, path);
  const response = await ServerConnection.makeRequest(url, init, settings);
  if (!response.ok) {
    throw await ServerConnection.ResponseError.create(response);
  }
  return response;
}

/** What the server half says about itself. It throws what `requestJson` throws. */
export function requestHealth(
  settings: ServerConnection.ISettings
): Promise<Health> {
  return requestJson<Health>('health', settings);
}

/** The models to choose from; the server's own choice comes first. */
export function listModels(
  settings: ServerConnection.ISettings
): Promise<ModelInfo[]> {
  return requestJson<ModelInfo[]>('models', settings);
}

/** A notebook's sessions, the newest first. */
export function listSessions(
  settings: ServerConnection.ISettings,
  path: string
): Promise<SessionInfo[]> {
  const query = URLExt.objectToQueryString({ path });
  return requestJson<SessionInfo[]>(`sessions${query}`, settings);
}

/** A new session for the notebook at `path`. An empty kernel name leaves the choice to the server. */
export function createSession(
  settings: ServerConnection.ISettings,
  path: string,
  kernelName: string
): Promise<SessionInfo> {
  return requestJson<SessionInfo>('sessions', settings, {
    method: 'POST',
    body: JSON.stringify({ path, kernel_name: kernelName })
  });
}

/** Stop a session's run and forget its events. The notebook stays as it is. */
export async function deleteSession(
  settings: ServerConnection.ISettings,
  sessionId: string
): Promise<void> {
  await request(`sessions/${sessionId}`, settings, { method: 'DELETE' });
}

/** The session's notebook has another path now (relative to the server's root). */
export function renameSession(
  settings: ServerConnection.ISettings,
  sessionId: string,
  path: string
): Promise<SessionInfo> {
  return requestJson<SessionInfo>(`sessions/${sessionId}`, settings, {
    method: 'PATCH',
    body: JSON.stringify({ path })
  });
}

/** What a run changed in its notebook, as that is saved. */
export function requestChanges(
  settings: ServerConnection.ISettings,
  sessionId: string,
  runId: string
): Promise<RunChanges> {
  return requestJson<RunChanges>(
    `sessions/${sessionId}/runs/${runId}/changes`,
    settings
  );
}

/** What an example brought: the files that lie in the folder now, and its task. */
export interface IExample {
  files: string[];
  task: string;
}

/** Copy a shipped example's data into a folder (relative to the server's root). */
export function copyExample(
  settings: ServerConnection.ISettings,
  name: string,
  folder: string
): Promise<IExample> {
  return requestJson<IExample>('examples', settings, {
    method: 'POST',
    body: JSON.stringify({ name, folder })
  });
}
