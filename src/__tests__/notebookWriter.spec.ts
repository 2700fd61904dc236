import type { Contents } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { NotebookContext } from '../notebookSaver';
import { NotebookWriter } from '../notebookWriter';
import { SessionSocket } from '../socket';
import { Content } from './content';
import { Wire } from './wire';

const trans = nullTranslator.load('');
let content: Content;
let saves = 0;

function writerOf(collaborative: boolean): NotebookWriter {
  content = new Content();
  saves = 0;
  const context = {
    path: 'a.ipynb',
    ready: Promise.resolve(),
    model: { collaborative, dirty: false },
    contentsModel: { hash: 'first', writable: true },
    isDisposed: false,
    save: () => {
      saves += 1;
      return Promise.resolve();
    }
  };
  Object.assign(context.model, { contentChanged: new Signal(context) });
  Object.assign(context, {
    disposed: new Signal(context),
    saveState: new Signal(context),
    pathChanged: new Signal(context)
  });
  const contents = {
    localPath: (path: string) => path,
    get: () => Promise.resolve({ hash: 'first' }),
    rename: () => Promise.reject(new Error('nothing is renamed here'))
  };
  return new NotebookWriter({
    sessionId: 's',
    socket: new SessionSocket({
      sessionId: 's',
      trans,
      settings: ServerConnection.makeSettings({
        wsUrl: 'ws://127.0.0.1/',
        WebSocket: Wire as unknown as typeof WebSocket
      })
    }),
    model: content,
    context: context as unknown as NotebookContext,
    contents: contents as unknown as Contents.IManager,
    trans
  });
}

/** Let everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  await jest.advanceTimersByTimeAsync(0);
}

/** The server's answer to the command that came last. */
function grant(wire: Wire): void {
  const { request_id } = wire.sent[wire.sent.length - 1];
  wire.tell({ type: 'reply', request_id, ok: true });
}

function connect(): Wire {
  const wire = Wire.made[Wire.made.length - 1];
  wire.onopen?.();
  const session = { session_id: 's', path: 'a.ipynb' };
  wire.tell({ type: 'hello', last_seq: 0, allowed: [], session });
  return wire;
}

let seq = 0;

function event(fields: object): object {
  seq += 1;
  return { session_id: 's', run_id: 'r', seq, time: 0, ...fields };
}

function started(): object {
  const note = { cell_id: 'task', source: '# Task' };
  return event({ type: 'run_started', after: null, note });
}

beforeEach(() => {
  jest.useFakeTimers();
  Wire.made = [];
  seq = 0;
});

afterEach(() => {
  jest.useRealTimers();
});

describe('NotebookWriter', () => {
  it('leaves a notebook that people share to the server, and asks again when the room is left', async () => {
    const writer = writerOf(true);
    const wire = connect();
    await settle();
    wire.tell(event({ type: 'lease_moved', writer: 'room', tab_id: '' }));
    grant(wire);
    await settle();
    expect(writer.lease).toBe('shared');
    expect(writer.problem).toBe('');
    wire.tell(started());
    const asks = {
      cell_id: 'a',
      source: '1',
      hash: '1',
      asks: true,
      note: null
    };
    wire.tell(event({ type: 'cell_proposed', after: 'task', ...asks }));
    await jest.advanceTimersByTimeAsync(5000);
    expect(content.shown()).toEqual([]);
    expect(saves).toBe(0);
    expect(writer.place).toBe('a');
    expect(writer.pending?.proposal.cell_id).toBe('a');
    const before = wire.sent.length;
    wire.tell(event({ type: 'lease_moved', writer: 'file', tab_id: '' }));
    await settle();
    expect(wire.sent.slice(before).map(({ type }) => type)).toEqual([
      'take_lease'
    ]);
    writer.dispose();
  });

  it('stops writing when others open the notebook in a room that this page is not in', async () => {
    const writer = writerOf(false);
    const wire = connect();
    await settle();
    wire.tell(event({ type: 'lease_moved', writer: 'tab', tab_id: 't' }));
    grant(wire);
    await settle();
    expect(writer.lease).toBe('held');
    wire.tell(started());
    expect(content.shown()).toEqual([['task', '# Task']]);
    wire.tell(event({ type: 'lease_moved', writer: 'room', tab_id: '' }));
    const more = {
      cell_id: 'a',
      source: '1',
      hash: '1',
      asks: true,
      note: null
    };
    wire.tell(event({ type: 'cell_proposed', after: 'task', ...more }));
    expect(writer.lease).toBe('refused');
    expect(writer.problem).toContain('shared document');
    expect(content.shown()).toEqual([['task', '# Task']]);
    writer.dispose();
  });
});
