import { EditorLanguageRegistry } from '@jupyterlab/codemirror';
import {
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { InternModel, type IPanelNotebook } from '../model';
import { InternPanel } from '../panel';
import type { CellProposed } from '../protocol';
import { Wire } from './wire';

class Notebook implements IPanelNotebook {
  readonly changed = new Signal<this, void>(this);
  readonly path = 'a.ipynb';
  readonly kernelName = 'python3';
  problem = '';
  language = 'python';
  readonly revealed: string[] = [];
  activeCellId = (): string => 'cell';
  source = (): null => null;
  replaceSource = (): void => undefined;
  reveal = (cellId: string): void => void this.revealed.push(cellId);
  save = (): Promise<void> => Promise.resolve();
  ensureNotebook = (): Promise<string> => Promise.resolve(this.path);
}

const [TITLE, NEXT] = ['Clear up', 'Look'];
const RUN = { session_id: 's', run_id: 'r', time: 1000 };
const PROPOSAL = {
  ...RUN,
  type: 'cell_proposed',
  cell_id: 'c1',
  step: 1,
  after: null,
  source: 'import os\nos.remove("old.csv")',
  hash: 'h1',
  title: TITLE,
  risk: ['delete'],
  reasons: [{ line: 2, text: 'it deletes old.csv' }],
  asks: true,
  may_allow: [],
  plan_item: '1',
  note: null,
  replaces: ''
} as unknown as CellProposed;

let notebook: Notebook;
let model: InternModel;
let panel: InternPanel;
let wire: Wire;
let seq: number;

beforeAll(() => {
  // jsdom lays nothing out.
  window.ResizeObserver ??= class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };
});

beforeEach(() => {
  Wire.made = [];
  seq = 0;
  notebook = new Notebook();
  const trans = nullTranslator.load('');
  model = new InternModel({
    settings: ServerConnection.makeSettings({
      wsUrl: 'ws://127.0.0.1/',
      appendToken: false,
      WebSocket: Wire as unknown as typeof WebSocket
    }),
    notebook,
    trans,
    hasCellsOf: () => Promise.resolve(false)
  });
  panel = new InternPanel({
    model,
    commands: new CommandRegistry(),
    languages: new EditorLanguageRegistry(),
    rendermime: new RenderMimeRegistry({
      initialFactories: standardRendererFactories
    }),
    trans
  });
  Widget.attach(panel, document.body);
});

afterEach(() => {
  panel.dispose();
  model.dispose();
});

/** Show a session to which the server tells a run with these events. */
function run(...events: object[]): void {
  model.openSession('s');
  [wire] = Wire.made;
  wire.hello();
  const started = { task: TITLE, model: 'recipes', mode: 'ask' };
  tell({ ...RUN, type: 'run_started', max_steps: 9, by: 'ada', ...started });
  tell({
    ...RUN,
    type: 'plan_changed',
    by: 'agent',
    items: [
      { item_id: '1', title: TITLE, status: 'active', result: '' },
      { item_id: '2', title: NEXT, status: 'open', result: '' }
    ],
    deliverables: [
      {
        deliverable_id: 'd',
        kind: 'file',
        description: 'new.csv',
        path: 'new.csv',
        status: 'failed',
        detail: 'new.csv is not there.'
      }
    ]
  });
  events.forEach(tell);
}

function tell(event: object): void {
  seq += 1;
  wire.tell({ ...event, seq });
}

/** Wait until the panel shows it. */
async function shows<T>(look: () => T | null | undefined): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = look();
    if (found) {
      return found;
    }
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  throw new Error(`Not in the panel: ${panel.node.textContent}`);
}

function region(name: string): HTMLElement | null {
  return panel.node.querySelector(`[aria-label^="${name}"]`);
}

function button(text: string): HTMLButtonElement | undefined {
  return [...panel.node.querySelectorAll('button')].find(each =>
    (each.getAttribute('aria-label') ?? each.textContent ?? '').startsWith(text)
  );
}

describe('InternPanel', () => {
  it('teaches by three examples before the first task', async () => {
    await shows(() => region('Task'));
    expect(panel.node.querySelectorAll('.jp-Intern-example')).toHaveLength(3);
  });

  it('shows plan, deliverables and their state in words', async () => {
    run();
    const plan = await shows(() => region('Plan'));
    const states = [...plan.querySelectorAll('[role="img"]')];
    expect(states.map(each => each.getAttribute('aria-label'))).toEqual([
      'in work',
      'to do'
    ]);
    const deliverables = region('Deliverables');
    expect(deliverables?.textContent).toContain('new.csv is not there.');
    expect(
      deliverables?.querySelector('[role="img"]')?.getAttribute('aria-label')
    ).toBe('failed');
  });

  it('shows a proposal with its risk and line, and approves what it shows', async () => {
    run(PROPOSAL);
    const card = await shows(() => region('Proposed cell'));
    expect(card.textContent).toContain('deletes');
    expect(card.textContent).toContain('it deletes old.csv');
    expect(card.textContent).toContain('os.remove("old.csv")');
    button('Approve')?.click();
    await shows(() => wire.sent.length > 0);
    expect(wire.sent[0]).toMatchObject({
      type: 'decide_cell',
      cell_id: 'c1',
      hash: 'h1',
      decision: 'approve'
    });
  });

  it('makes one line of a finished cell, which leads to the notebook', async () => {
    const cell = { ...RUN, cell_id: 'c1', hash: 'h1' };
    run(
      PROPOSAL,
      {
        ...cell,
        type: 'cell_decided',
        decision: 'approve',
        source: '',
        by: ''
      },
      { ...cell, type: 'cell_started' },
      {
        ...cell,
        type: 'cell_finished',
        status: 'done',
        execution_count: 7,
        seconds: 61
      }
    );
    const line = await shows(() =>
      [...panel.node.querySelectorAll('.jp-Intern-lines li')].find(each =>
        each.textContent?.includes('[7]')
      )
    );
    expect(line.textContent).toContain('1 min 01 s');
    line.querySelector('button')?.click();
    expect(notebook.revealed).toEqual(['c1']);
    expect(region('Proposed cell')).toBeNull();
  });

  it('says why nothing can be done in a notebook of another language', async () => {
    notebook.language = 'julia';
    notebook.changed.emit();
    await shows(() => panel.node.querySelector('[role="alert"]'));
    expect(panel.node.textContent).toContain('written in julia');
    expect(button('Send')?.disabled).toBe(true);
  });

  it('never makes markup of what a model or a task says', async () => {
    const evil = '<img src=x onerror="window.hacked = true">';
    run({ ...PROPOSAL, title: evil, source: evil });
    const card = await shows(() => region('Proposed cell'));
    expect(card.textContent).toContain(evil);
    expect(panel.node.querySelector('img')).toBeNull();
  });

  it('tells what each turn of a language model took', async () => {
    const turn = {
      ...RUN,
      type: 'step_finished',
      step: 0,
      input_tokens: 1200,
      output_tokens: 34,
      cost: null,
      seconds: 6.1,
      first_token_seconds: 2.94,
      tokens_per_second: 11.2,
      prompt_hash: ''
    };
    run({ type: 'model_changed', ...RUN, model: 'openai:m' }, turn, {
      ...turn,
      step: 1,
      cost: 0.0123,
      tokens_per_second: null
    });
    const usage = await shows(() =>
      panel.node.querySelector('.jp-Intern-usage')
    );
    expect(usage.querySelector('summary')?.textContent).toBe(
      '2,468 tokens · $0.0123'
    );
    const rows = [...usage.querySelectorAll('tr')].map(row =>
      [...row.cells].map(cell => cell.textContent)
    );
    expect(rows[1]).toEqual([
      'plan',
      '1,200',
      '34',
      '2.9 s',
      '11.2',
      '6.1 s',
      '–'
    ]);
    expect(rows[3].slice(0, 3)).toEqual(['all', '2,400', '68']);
  });
});
