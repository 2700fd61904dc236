import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';

import { SessionSocket } from '../socket';
import { Wire } from './wire';

let socket: SessionSocket;

beforeEach(() => {
  jest.useFakeTimers();
  Wire.made = [];
  socket = new SessionSocket({
    sessionId: 'abc',
    trans: nullTranslator.load(''),
    settings: ServerConnection.makeSettings({
      wsUrl: 'ws://127.0.0.1/base/',
      token: 'secret',
      appendToken: true,
      WebSocket: Wire as unknown as typeof WebSocket
    })
  });
});

afterEach(() => {
  socket.dispose();
  jest.useRealTimers();
});

function wire(): Wire {
  return Wire.made[Wire.made.length - 1];
}

function seqs(): number[] {
  const found: number[] = [];
  socket.frames.connect((_, frame) => {
    if (frame.type !== 'hello') {
      found.push(frame.seq);
    }
  });
  return found;
}

describe('SessionSocket', () => {
  it('asks for everything at first, then for what it lacks, and tells each event once', () => {
    const told = seqs();
    expect(wire().url).toBe(
      'ws://127.0.0.1/base/ml-intern/sessions/abc/events?since=0&token=secret'
    );
    wire().hello();
    [1, 2].forEach(seq => wire().tell({ type: 'cell_output', seq }));
    wire().close();
    expect(socket.connection).toBe('reconnecting');
    jest.advanceTimersByTime(1000);
    expect(Wire.made).toHaveLength(2);
    expect(wire().url).toContain('since=2');
    wire().hello();
    [2, 3].forEach(seq => wire().tell({ type: 'cell_output', seq }));
    expect(told).toEqual([1, 2, 3]);
    expect(socket.connection).toBe('connected');
  });

  it('takes a silent connection for dead, which a beat keeps from being', () => {
    const told = seqs();
    wire().hello();
    jest.advanceTimersByTime(50_000);
    wire().tell({ type: 'beat' });
    jest.advanceTimersByTime(50_000);
    expect(socket.connection).toBe('connected');
    expect(Wire.made).toHaveLength(1);
    jest.advanceTimersByTime(20_000);
    expect(Wire.made).toHaveLength(2);
    wire().hello();
    expect(socket.connection).toBe('connected');
    expect(told).toEqual([]);
  });

  it('tells what is not stored, which has no number', () => {
    const told = seqs();
    wire().hello();
    [5, 0, 0].forEach(seq => wire().tell({ type: 'text_delta', seq }));
    expect(told).toEqual([5, 0, 0]);
  });

  it('tells the events of a replay one by one, each once', () => {
    const told = seqs();
    wire().hello();
    const events = [1, 2, 3].map(seq => ({ type: 'step_finished', seq }));
    wire().tell({ type: 'replay', events });
    wire().tell({ type: 'replay', events });
    wire().tell({ type: 'step_finished', seq: 4 });
    expect(told).toEqual([1, 2, 3, 4]);
  });

  it('gives a command the reply that is its own', async () => {
    wire().hello();
    const stop = socket.send({ type: 'stop_run' });
    const review = socket.send({ type: 'review_notebook' });
    await Promise.resolve();
    const [first, second] = wire().sent;
    wire().tell({ type: 'reply', request_id: second.request_id, ok: true });
    wire().tell({
      type: 'reply',
      request_id: first.request_id,
      ok: false,
      code: 'refused',
      error: 'No run is working.'
    });
    await expect(review).resolves.toBeUndefined();
    await expect(stop).rejects.toMatchObject({
      message: 'No run is working.',
      code: 'refused'
    });
  });

  it('holds a command back until there is a connection', async () => {
    const stop = socket.send({ type: 'stop_run' });
    expect(wire().sent).toEqual([]);
    wire().hello();
    await Promise.resolve();
    await Promise.resolve();
    expect(wire().sent).toMatchObject([{ type: 'stop_run' }]);
    wire().tell({
      type: 'reply',
      request_id: wire().sent[0].request_id,
      ok: true
    });
    await expect(stop).resolves.toBeUndefined();
  });

  it('says that nothing was sent when no connection comes', async () => {
    const stop = expect(
      socket.send({ type: 'stop_run' })
    ).rejects.toMatchObject({ code: 'offline' });
    jest.advanceTimersByTime(11_000);
    await stop;
    expect(Wire.made.flatMap(({ sent }) => sent)).toEqual([]);
  });

  it('fails a command whose answer the broken connection swallowed', async () => {
    wire().hello();
    const stop = expect(
      socket.send({ type: 'stop_run' })
    ).rejects.toMatchObject({ code: 'cut' });
    await Promise.resolve();
    await Promise.resolve();
    wire().close();
    await stop;
  });

  it('connects no more once it is disposed of', () => {
    wire().hello();
    socket.dispose();
    jest.advanceTimersByTime(60_000);
    expect(Wire.made).toHaveLength(1);
    expect(socket.connection).toBe('closed');
  });
});
