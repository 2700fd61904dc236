import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { InternModel, type IPanelNotebook } from '../model';
import {
  PROTOCOL_VERSION,
  type ModelInfo,
  type SessionInfo
} from '../protocol';
import { Wire } from './wire';

/** Two notebooks, of which one is open. */
class Notebook implements IPanelNotebook {
  readonly changed = new Signal<this, void>(this);
  path: string | null = 'a.ipynb';
  problem = '';
  kernelName = 'python3';
  language = 'python';
  activeCellId = (): string => 'cell';
  source = (): null => null;
  reveal = (): void => undefined;
  replaceSource = (): void => undefined;
  save = (): Promise<void> => Promise.resolve();
  ensureNotebook = (): Promise<string> => Promise.resolve(this.path ?? '');

  open(path: string | null): void {
    this.path = path;
    this.changed.emit();
  }
}

function info(session_id: string, more: Partial<SessionInfo>): SessionInfo {
  return {
    session_id,
    path: 'a.ipynb',
    kernel_name: 'python3',
    created: 0,
    run_id: '',
    run_status: 'finished',
    task: '',
    ...more
  };
}

const MODELS = [{ model: 'recipes' }, { model: 'other' }] as ModelInfo[];

let server: Server;
let sessions: SessionInfo[];
let healthy: boolean;
let notebook: Notebook;
let model: InternModel;
/** The sessions whose cells stand in the notebook. */
let written: string[];

/** What the server half answers, as far as the model asks. */
function answer(method: string, url: URL): [status: number, body: unknown] {
  const path = url.pathname.replace('/ml-intern/', '');
  if (path === 'health') {
    const health = { version: '1', protocol: PROTOCOL_VERSION };
    return healthy ? [200, health] : [404, {}];
  }
  if (path === 'models') {
    return [200, MODELS];
  }
  if (method === 'POST') {
    sessions = [info('aaaaaaaaaaaa', { run_status: null }), ...sessions];
    return [201, sessions[0]];
  }
  if (method === 'DELETE') {
    sessions = sessions.filter(each => !path.endsWith(each.session_id));
    return [200, {}];
  }
  const asked = url.searchParams.get('path');
  return [200, sessions.filter(each => each.path === asked)];
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    const [status, body] = answer(request.method ?? '', url);
    response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => new Promise(resolve => server.close(resolve)));

beforeEach(() => {
  Wire.made = [];
  healthy = true;
  written = [];
  sessions = [];
  notebook = new Notebook();
  const { port } = server.address() as AddressInfo;
  model = new InternModel({
    settings: ServerConnection.makeSettings({
      baseUrl: `http://127.0.0.1:${port}/`,
      wsUrl: `ws://127.0.0.1:${port}/`,
      appendToken: false,
      WebSocket: Wire as unknown as typeof WebSocket
    }),
    notebook,
    trans: nullTranslator.load(''),
    hasCellsOf: id => Promise.resolve(written.includes(id))
  });
});

afterEach(() => model.dispose());

/** Wait until the model says so. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries === 500) {
      throw new Error('The model never got there.');
    }
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

describe('InternModel', () => {
  it('goes on with the session that works, before any newer one', async () => {
    sessions = [info('new', {}), info('busy', { run_status: 'running' })];
    await model.refresh();
    expect(model.current?.sessionId).toBe('busy');
  });

  it('shows an ended session only where its cells stand in the notebook', async () => {
    sessions = [info('new', {}), info('old', {})];
    await model.refresh();
    expect(model.current).toBeNull();
    written = ['old'];
    await model.refresh();
    expect(model.current?.sessionId).toBe('old');
  });

  it('follows the notebook, and comes back to what the person chose there', async () => {
    sessions = [
      info('one', {}),
      info('two', { run_status: null }),
      info('three', { run_status: null, path: 'b.ipynb' })
    ];
    await model.refresh();
    model.openSession('one');
    notebook.open('b.ipynb');
    await until(() => model.current?.sessionId === 'three');
    notebook.open('a.ipynb');
    await until(() => model.current?.sessionId === 'one');
    notebook.open(null);
    await until(() => model.current === null);
  });

  it('says what is wrong with the server half, and asks it again', async () => {
    healthy = false;
    await model.refresh();
    expect(model.problem).toContain('jupyter server extension enable');
    healthy = true;
    await model.refresh();
    expect(model.problem).toBeNull();
    expect(model.models).toEqual(MODELS);
  });

  it('makes a session with the first task, and starts it as chosen', async () => {
    await model.refresh();
    model.choose({ mode: 'auto', model: 'other' });
    const started = model.startRun('Look.', { max_steps: 3 });
    await until(() => Wire.made.length > 0);
    const [wire] = Wire.made;
    wire.hello();
    await until(() => wire.sent.length > 0);
    expect(wire.sent[0]).toMatchObject({
      type: 'start_run',
      task: 'Look.',
      mode: 'auto',
      model: 'other',
      max_steps: 3,
      after: 'cell'
    });
    const { request_id } = wire.sent[0];
    wire.tell({ type: 'reply', request_id, ok: true, code: '', error: '' });
    await started;
    expect(model.current?.sessionId).toBe('aaaaaaaaaaaa');
  });

  it('forgets a deleted session and tells who wrote for it', async () => {
    sessions = [info('open', { run_status: null })];
    await model.refresh();
    const deleted: string[] = [];
    model.deleted.connect((_, sessionId) => deleted.push(sessionId));
    await model.deleteSession();
    expect(deleted).toEqual(['open']);
    expect(model.current).toBeNull();
    expect(sessions).toEqual([]);
  });

  it('keeps the reason of what failed until the person has read it', async () => {
    await model.attempt(() => Promise.reject(new Error('It is full.')));
    expect(model.failure).toBe('It is full.');
    model.dismiss();
    expect(model.failure).toBeNull();
  });
});
