import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';

import { serverProblem } from '../health';
import { PROTOCOL_VERSION, type Health } from '../protocol';
import { requestJson } from '../request';

/** A small HTTP server on this machine stands for Jupyter; it answers each path with a status and a body. */
let server: Server;
let settings: ServerConnection.ISettings;
let answers: Record<string, [status: number, body: string]>;

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', settings.baseUrl);
    const [status, body] = answers[pathname] ?? [404, '{}'];
    response.writeHead(status).end(body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  settings = ServerConnection.makeSettings({
    baseUrl: `http://127.0.0.1:${port}/base/`,
    appendToken: false
  });
});

afterAll(() => new Promise(resolve => server.close(resolve)));

beforeEach(() => {
  answers = {};
});

function answerHealth(health: Partial<Health>): void {
  const whole: Health = {
    version: '9.8.7',
    protocol: PROTOCOL_VERSION,
    sessions: 0,
    running: 0,
    ...health
  };
  answers['/base/ml-intern/health'] = [200, JSON.stringify(whole)];
}

describe('requestJson', () => {
  it('reads JSON below the base URL', async () => {
    answers['/base/ml-intern/models'] = [200, '[{"model": "recipes"}]'];
    await expect(requestJson('models', settings)).resolves.toEqual([
      { model: 'recipes' }
    ]);
  });

  it("passes on the server's own words when it refuses", async () => {
    answers['/base/ml-intern/sessions'] = [
      409,
      '{"message": "A run is already working on this notebook."}'
    ];
    await expect(requestJson('sessions', settings)).rejects.toThrow(
      'A run is already working on this notebook.'
    );
  });

  it('refuses an answer that is no JSON', async () => {
    answers['/base/ml-intern/models'] = [200, '<html>a proxy</html>'];
    await expect(requestJson('models', settings)).rejects.toBeInstanceOf(
      ServerConnection.ResponseError
    );
  });
});

const trans = nullTranslator.load('');

describe('serverProblem', () => {
  it('finds none when the server half speaks our protocol', async () => {
    answerHealth({});
    await expect(serverProblem(settings, trans)).resolves.toBeNull();
  });

  it('gives version and mending command when the protocols differ', async () => {
    answerHealth({ protocol: PROTOCOL_VERSION + 1 });
    const problem = await serverProblem(settings, trans);
    expect(problem).toContain('9.8.7');
    expect(problem).toContain('pip install --upgrade ml-intern-jlab');
    // More than this JupyterLab would cut off.
    expect(problem?.length).toBeLessThanOrEqual(140);
  });

  it('says how to enable a missing server half', async () => {
    await expect(serverProblem(settings, trans)).resolves.toContain(
      'jupyter server extension enable ml_intern_jlab'
    );
  });

  it('gives the reason of any other failure', async () => {
    answers['/base/ml-intern/health'] = [
      500,
      '{"message": "The journal can not be read."}'
    ];
    await expect(serverProblem(settings, trans)).resolves.toContain(
      'The journal can not be read.'
    );
  });
});
