import { expect, type Page, type WebSocketRoute } from '@playwright/test';

import type { Command, Event, Mode, SessionInfo } from '../src/protocol';
import { turn, type ScriptedModel } from './scriptedModel';
import { labUrl, TOKEN, WHOLE } from './servers';

/** A cell of a notebook's file. */
export interface ISavedCell {
  cell_type: string;
  id: string;
  source: string;
  outputs?: Record<string, unknown>[];
  execution_count?: number | null;
}

/** A session's socket of the test's own, beside those of the page. */
export class Watcher {
  constructor(
    private readonly page: Page,
    readonly session: SessionInfo
  ) {}

  readonly events: Event[] = [];

  /** Send one command; a refusal fails the test with its sentence. */
  async send(command: Command): Promise<void> {
    const { events, refusal } = await this.exchange(command);
    if (refusal !== null) {
      throw new Error(refusal);
    }
    this.events.push(...events);
  }

  /** The session's stored events, from the first on. */
  async history(): Promise<Event[]> {
    // All that was stored comes before the answer, be that a refusal.
    const { events } = await this.exchange({ type: 'set_mode', mode: 'auto' });
    return events.filter(({ seq }) => seq > 0);
  }

  /** Send one command over a new socket: what comes before the answer, and the answer's error. */
  private async exchange(
    command: Command
  ): Promise<{ events: Event[]; refusal: string | null }> {
    const url = `ws://127.0.0.1:${WHOLE.port}/ml-intern/sessions/${this.session.session_id}/events`;
    return this.page.evaluate(
      ([address, text]) =>
        new Promise<{ events: Event[]; refusal: string | null }>(resolve => {
          const socket = new WebSocket(address);
          const events: Event[] = [];
          socket.onopen = () => socket.send(text);
          socket.onmessage = ({ data }: MessageEvent<string>) => {
            const frame = JSON.parse(data) as Event | IReplay | IReply;
            if (frame.type !== 'reply') {
              events.push(
                ...(frame.type === 'replay' ? frame.events : [frame])
              );
              return;
            }
            socket.close();
            resolve({ events, refusal: frame.ok ? null : frame.error });
          };
          interface IReplay {
            type: 'replay';
            events: Event[];
          }
          interface IReply {
            type: 'reply';
            ok: boolean;
            error: string;
          }
        }),
      [url, JSON.stringify({ request_id: 'test', ...command })] as const
    );
  }

  /** Wait until the run has ended, and return its status. */
  async ended(): Promise<void> {
    await expect(async () => {
      const info = await this.page.evaluate(async id => {
        const answer = await fetch(`/ml-intern/sessions/${id}`);
        return (await answer.json()) as SessionInfo;
      }, this.session.session_id);
      expect(info.run_status).not.toBe('running');
    }).toPass();
  }
}

/** The page's connections to the intern's sessions, which a test may cut and let come back. */
export class Network {
  static async of(page: Page): Promise<Network> {
    const network = new Network();
    await page.routeWebSocket(/\/ml-intern\/sessions\//, socket => {
      if (network._isCut) {
        void socket.close();
        return;
      }
      socket.connectToServer();
      network._open.add(socket);
    });
    return network;
  }

  async cut(): Promise<void> {
    this._isCut = true;
    const open = [...this._open];
    this._open.clear();
    await Promise.all(open.map(socket => socket.close()));
  }

  restore(): void {
    this._isCut = false;
  }

  private readonly _open = new Set<WebSocketRoute>();
  private _isCut = false;
}

/** After so many milliseconds without its tab, the server writes the notebook. */
export const GRACE = 8000;

let count = 0;

/** A notebook with a session, open in JupyterLab, which holds the lease. */
export async function openNotebook(
  page: Page,
  cells: object[] = []
): Promise<Watcher> {
  count += 1;
  const name = `notebook-${process.pid}-${count}.ipynb`;
  // A workspace of its own: JupyterLab would open the other tests' notebooks again.
  await page.goto(
    labUrl(WHOLE).replace('/lab?', `/lab/workspaces/${name.slice(0, -6)}?`)
  );
  await page.waitForFunction(() => window.jupyterapp?.restored);
  await page.evaluate(() => window.jupyterapp.restored);
  const session = await page.evaluate(
    async ([path, given, token]) => {
      const { serviceManager, commands } = window.jupyterapp;
      const kernelspec = { name: 'python3', display_name: 'Python 3' };
      await serviceManager.contents.save(path, {
        type: 'notebook',
        format: 'json',
        content: {
          cells: given,
          metadata: { kernelspec },
          nbformat: 4,
          nbformat_minor: 5
        }
      });
      const answer = await fetch('/ml-intern/sessions', {
        method: 'POST',
        body: JSON.stringify({ path }),
        headers: {
          'content-type': 'application/json',
          authorization: `token ${token}`
        }
      });
      const panel = (await commands.execute('docmanager:open', {
        path,
        factory: 'Notebook'
      })) as { sessionContext: { ready: Promise<void> } };
      await panel.sessionContext.ready;
      return (await answer.json()) as SessionInfo;
    },
    [name, cells, TOKEN] as const
  );
  return new Watcher(page, session);
}

export const PLAN = '1. Show what there is';
export const END = turn('final_answer("That is all there is to see.")');

/** Start a run in a new notebook, whose cells are these, approved by `mode`. */
export async function startRun(
  page: Page,
  model: ScriptedModel,
  mode: Mode,
  cells: string[],
  given: object[] = []
): Promise<Watcher> {
  const watcher = await openNotebook(page, given);
  // The second END is for a run that the review sends back once.
  model.say(PLAN, ...cells, END, END);
  await watcher.send({
    type: 'start_run',
    task: 'Show what there is.',
    mode,
    model: 'openai:scripted'
  });
  return watcher;
}

/** A code cell that has not run, as a notebook file has it. */
export function codeCell(id: string, source: string): object {
  return {
    cell_type: 'code',
    id,
    source,
    metadata: {},
    outputs: [],
    execution_count: null
  };
}

/** What the file holds, as the server reads it. */
export async function saved(
  page: Page,
  { session }: Watcher
): Promise<ISavedCell[]> {
  return page.evaluate(async path => {
    const { contents } = window.jupyterapp.serviceManager;
    // While the file is being written it reads as empty.
    const file = await contents.get(path).catch(() => contents.get(path));
    return (file.content as { cells: never[] }).cells;
  }, session.path);
}

/**
 * What the page threw or wrote as an error. A browser also tells there of connections that the test cuts, and of a file
 * that the test read just while it was being written.
 */
export function faultsOf(page: Page): string[] {
  const faults: string[] = [];
  page.on('pageerror', error => faults.push(error.message));
  page.on('console', message => {
    const isTestsOwn =
      /WebSocket/.test(message.text()) ||
      (/status of 400/.test(message.text()) &&
        /\/api\/contents\/.*content=1/.test(message.location().url));
    if (message.type() === 'error' && !isTestsOwn) {
      faults.push(`${message.text()} ${message.location().url}`);
    }
  });
  return faults;
}
