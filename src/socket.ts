import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Command, Event, Frame, Hello, Reply } from './protocol';
import { NAMESPACE, requestJson } from './request';

/** `closed` is final: the session is gone, or the socket was disposed of. */
export type Connection = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** The server's `no` to a command, as a sentence; `code` names it for programs. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly code: string
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

interface IPending {
  resolve: () => void;
  reject: (error: CommandError) => void;
}

/** A connection is tried again after these milliseconds, the last of them for ever. */
const RETRY_AFTER = [200, 500, 1000, 2000, 4000, 8000];
/** A connection that was silent for so many milliseconds is dead: the server says something every 20 s. */
const SILENT_FOR = 60_000;
/** How many milliseconds a command waits for a connection before it fails. */
const CONNECT_WITHIN = 10_000;

/**
 * One session's events and commands.
 *
 * It connects at once, and again whenever the connection is lost, each time from the last event that it has.
 */
export class SessionSocket implements IDisposable {
  constructor(private readonly options: SessionSocket.IOptions) {
    this.connect();
  }

  /** `hello` after each connect, and the events in order, each once. */
  get frames(): ISignal<this, Hello | Event> {
    return this._frames;
  }

  /** The connection's state changed. `connected` comes right after `hello`. */
  get connectionChanged(): ISignal<this, Connection> {
    return this._connectionChanged;
  }

  get connection(): Connection {
    return this._connection;
  }

  /** The last stored event that was told. */
  get lastSeq(): number {
    return this._lastSeq;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /**
   * Send a command and wait until the server has carried it out.
   *
   * @throws CommandError where the server refused, or no answer came (codes `offline`, `cut`).
   */
  async send(command: Command): Promise<void> {
    await this.whenConnected();
    const request_id = UUID.uuid4();
    return new Promise((resolve, reject) => {
      this._pending.set(request_id, { resolve, reject });
      this._socket?.send(JSON.stringify({ ...command, request_id }));
    });
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.close();
    Signal.clearData(this);
  }

  private close(): void {
    window.clearTimeout(this._retry);
    const socket = this._socket;
    this._socket = null;
    socket?.close();
    this.failPending();
    this.setConnection('closed');
  }

  private connect(): void {
    const { settings, sessionId } = this.options;
    const path = URLExt.join(NAMESPACE, 'sessions', sessionId, 'events');
    const query = {
      since: String(this._lastSeq),
      ...(settings.appendToken && settings.token
        ? { token: settings.token }
        : {})
    };
    const socket = new settings.WebSocket(
      URLExt.join(settings.wsUrl, path) + URLExt.objectToQueryString(query)
    );
    this._socket = socket;
    let opened = false;
    let heard = Date.now();
    const lose = () => {
      window.clearInterval(watch);
      if (socket === this._socket) {
        this._socket = null;
        this.failPending();
        void this.reconnect(opened);
      }
    };
    // Of a connection that died while the machine slept, a browser may hear for minutes, or never.
    const watch = window.setInterval(() => {
      if (Date.now() - heard > SILENT_FOR) {
        lose();
        socket.close();
      }
    }, SILENT_FOR / 10);
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = (message: MessageEvent<string>) => {
      heard = Date.now();
      if (socket === this._socket) {
        this.receive(JSON.parse(message.data) as Frame);
      }
    };
    socket.onclose = lose;
  }

  private async reconnect(opened: boolean): Promise<void> {
    this.setConnection('reconnecting');
    if (!opened && (await this.isGone())) {
      this.close();
      return;
    }
    if (this._isDisposed) {
      return;
    }
    const delay = RETRY_AFTER[Math.min(this._attempts, RETRY_AFTER.length - 1)];
    this._attempts += 1;
    this._retry = window.setTimeout(() => this.connect(), delay);
  }

  /** Whether the server says that there is no such session; a browser doesn't tell why a socket was refused. */
  private async isGone(): Promise<boolean> {
    const { settings, sessionId } = this.options;
    try {
      await requestJson(`sessions/${sessionId}`, settings);
      return false;
    } catch (error) {
      return (
        error instanceof ServerConnection.ResponseError &&
        error.response.status === 404
      );
    }
  }

  private receive(frame: Frame): void {
    if (frame.type === 'reply') {
      this.settle(frame);
      return;
    }
    if (frame.type === 'hello') {
      this._attempts = 0;
      this._frames.emit(frame);
      this.setConnection('connected');
      return;
    }
    if (frame.type === 'beat') {
      return;
    }
    if (frame.type === 'replay') {
      frame.events.forEach(event => this.receive(event));
      return;
    }
    if (frame.seq > 0) {
      if (frame.seq <= this._lastSeq) {
        return;
      }
      this._lastSeq = frame.seq;
    }
    this._frames.emit(frame);
  }

  private settle(reply: Reply): void {
    const pending = this._pending.get(reply.request_id);
    this._pending.delete(reply.request_id);
    if (reply.ok) {
      pending?.resolve();
    } else {
      pending?.reject(new CommandError(reply.error, reply.code));
    }
  }

  private failPending(): void {
    const error = new CommandError(
      this.options.trans.__(
        'The connection was cut before the server answered. Look whether it took effect before you repeat it.'
      ),
      'cut'
    );
    this._pending.forEach(pending => pending.reject(error));
    this._pending.clear();
  }

  private whenConnected(): Promise<void> {
    if (this._connection === 'connected') {
      return Promise.resolve();
    }
    const { trans } = this.options;
    return new Promise((resolve, reject) => {
      const settle = (_: this, connection: Connection) => {
        if (connection === 'connected') {
          done(null);
        } else if (connection === 'closed') {
          done(trans.__('This session is closed. Start a new one.'));
        }
      };
      const timer = window.setTimeout(
        () =>
          done(
            trans.__(
              'The server can not be reached. Nothing was sent; try again once the connection is back.'
            )
          ),
        this._connection === 'closed' ? 0 : CONNECT_WITHIN
      );
      const done = (problem: string | null) => {
        window.clearTimeout(timer);
        this._connectionChanged.disconnect(settle);
        if (problem === null) {
          resolve();
        } else {
          reject(new CommandError(problem, 'offline'));
        }
      };
      this._connectionChanged.connect(settle);
    });
  }

  private setConnection(connection: Connection): void {
    if (connection !== this._connection) {
      this._connection = connection;
      this._connectionChanged.emit(connection);
    }
  }

  private readonly _frames = new Signal<this, Hello | Event>(this);
  private readonly _connectionChanged = new Signal<this, Connection>(this);
  private readonly _pending = new Map<string, IPending>();
  private _connection: Connection = 'connecting';
  private _socket: WebSocket | null = null;
  private _lastSeq = 0;
  private _attempts = 0;
  private _retry = 0;
  private _isDisposed = false;
}

export namespace SessionSocket {
  export interface IOptions {
    settings: ServerConnection.ISettings;
    sessionId: string;
    trans: TranslationBundle;
  }
}
