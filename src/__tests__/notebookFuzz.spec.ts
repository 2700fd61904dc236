import type * as nbformat from '@jupyterlab/nbformat';

import { NotebookDocument } from '../notebookDocument';
import type { Event } from '../protocol';
import { Content } from './content';

/** So many notebooks with so many operations each; `ML_INTERN_FUZZ=20` makes it twenty times as many notebooks. */
const NOTEBOOKS = 20 * Number(process.env.ML_INTERN_FUZZ ?? 1);
const OPERATIONS = 50;

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One notebook in an open tab, what was saved of it, and what must stand in it. */
class PeopleAndAgent {
  constructor(private readonly random: () => number) {
    this.saved = this.content.sharedModel.toJSON();
    this.emit({
      type: 'run_started',
      after: null,
      note: { cell_id: 'title', source: '# Task' }
    });
    this.own('title', '# Task');
    this.tail = 'title';
  }

  step(): void {
    const idle = !this.pending && !this.approved && !this.running;
    const operations = [
      ...(idle ? [this.propose, this.propose, this.undoOrRedo] : []),
      ...(this.pending ? [this.decide, this.decide] : []),
      ...(this.approved ? [this.start, this.start] : []),
      ...(this.running ? [this.print, this.print, this.finish] : []),
      ...(this.isAway ? [this.leadAgain] : [this.loseLease, this.save]),
      ...(this.isAway ? [] : [this.reload, this.insert, this.edit]),
      ...(this.isAway ? [] : [this.move, this.delete])
    ];
    this.pick(operations).call(this);
    if (!this.isAway) {
      this.check();
    }
  }

  /** Nothing is lost, doubled or misplaced. */
  private check(): void {
    const shown = this.content.shown();
    const ids = shown.map(([id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Map(shown)).toEqual(new Map([...this.ours, ...this.theirs]));
    expect(ids.filter(id => this.theirs.has(id))).toEqual(this.order);
    for (const [id, text] of this.printed) {
      if (this.ours.has(id)) {
        const outputs = this.content.code(id).outputs.toJSON();
        expect(outputs.map(output => output.text as string).join('')).toBe(
          text
        );
      }
    }
  }

  private emit(event: object): void {
    this.history.push({
      session_id: 's',
      run_id: 'r',
      seq: this.history.length + 1,
      time: 0,
      note: null,
      replaces: '',
      provenance: {},
      ...event
    } as unknown as Event);
    this.bringUp();
  }

  private bringUp(): void {
    while (!this.isAway && this.applied < this.history.length) {
      this.document.apply(this.history[this.applied]);
      this.applied += 1;
    }
  }

  private own(id: string, source: string): void {
    this.ours.set(id, source);
    this.given.set(id, source);
  }

  // --- the agent

  private propose(): void {
    const id = this.mint('cell');
    const source = `print(1)  # ${id}`;
    const note =
      this.random() < 0.5
        ? { cell_id: `${id}-note`, source: 'Because.' }
        : null;
    const after = this.tail;
    this.emit({ type: 'cell_proposed', cell_id: id, source, after, note });
    this.own(id, source);
    if (note) {
      this.own(note.cell_id, note.source);
    }
    this.pending = id;
  }

  private decide(): void {
    const id = this.pending;
    this.pending = '';
    const decision = this.random() < 0.7 ? 'approve' : 'reject';
    const edited = this.random() < 0.3;
    const source = edited ? `edited  # ${id}` : (this.given.get(id) ?? '');
    this.emit({ type: 'cell_decided', cell_id: id, decision, source, edited });
    if (decision === 'reject') {
      this.ours.delete(id);
      this.ours.delete(`${id}-note`);
      return;
    }
    this.approved = this.tail = id;
    this.given.set(id, source);
    if (this.ours.has(id)) {
      this.ours.set(id, source);
    }
  }

  private start(): void {
    this.running = this.approved;
    this.approved = '';
    this.emit({ type: 'cell_started', cell_id: this.running });
    this.printed.set(this.running, '');
  }

  private print(): void {
    const text = this.pick(['1\n', 'two', '\n']);
    const message = {
      msg_type: 'stream',
      content: { name: 'stdout', text }
    };
    this.emit({ type: 'cell_output', cell_id: this.running, message });
    this.printed.set(
      this.running,
      (this.printed.get(this.running) ?? '') + text
    );
  }

  private finish(): void {
    const cell_id = this.running;
    this.running = '';
    this.emit({
      type: 'cell_finished',
      cell_id,
      status: 'done',
      execution_count: 1
    });
  }

  private undoOrRedo(): void {
    if (this.isAway) {
      return;
    }
    if (this.undone.length > 0) {
      const restored = this.undone.filter(id => !this.ours.has(id));
      const after = restored.map((_, index) => restored[index - 1] ?? '');
      this.undone = [];
      this.emit({ type: 'run_redone', restored, after });
      restored.forEach(id => this.ours.set(id, this.given.get(id) ?? ''));
    } else {
      const removed = [...this.ours.keys()].filter(
        id => this.ours.get(id) === this.given.get(id)
      );
      this.undone = removed;
      this.emit({ type: 'run_undone', removed, sources: {} });
      removed.forEach(id => this.ours.delete(id));
    }
  }

  // --- the person

  private insert(): void {
    const id = this.mint('mine');
    const { sharedModel } = this.content;
    sharedModel.insertCell(this.place(sharedModel.cells.length + 1), {
      id,
      cell_type: this.random() < 0.5 ? 'code' : 'markdown',
      source: 'mine'
    });
    this.theirs.set(id, 'mine');
    this.saw();
  }

  private edit(): void {
    const cell = this.pick([...this.content.cells, null]);
    if (cell && cell.id !== this.pending && cell.id !== this.approved) {
      const source = this.pick(['a = 1', '# other']);
      cell.sharedModel.setSource(source);
      (this.ours.has(cell.id) ? this.ours : this.theirs).set(cell.id, source);
    }
  }

  private move(): void {
    const { sharedModel } = this.content;
    const { length } = sharedModel.cells;
    if (length > 0) {
      sharedModel.moveCell(this.place(length), this.place(length));
      this.saw();
    }
  }

  private delete(): void {
    const { sharedModel } = this.content;
    const { length } = sharedModel.cells;
    if (length > 0) {
      const place = this.place(length);
      const id = sharedModel.cells[place].getId();
      sharedModel.deleteCell(place);
      this.ours.delete(id);
      this.theirs.delete(id);
      this.saw();
    }
  }

  /** The file has what the person did, however old its state of the agent's cells is. */
  private saw(): void {
    this.order = this.content
      .shown()
      .map(([id]) => id)
      .filter(id => this.theirs.has(id));
  }

  private save(): void {
    this.saved = this.content.sharedModel.toJSON();
  }

  /** The page reads what was saved, and the session from its first event on. */
  private reload(): void {
    this.save();
    this.content = new Content();
    this.content.sharedModel.fromJSON(
      JSON.parse(JSON.stringify(this.saved)) as nbformat.INotebookContent
    );
    this.document = new NotebookDocument(this.content, 's');
    this.document.adopt(this.history);
    this.applied = this.history.length;
  }

  /** The network is cut: the server goes on, and this page hears nothing of it. */
  private loseLease(): void {
    this.isAway = true;
  }

  /** Back: what the server wrote meanwhile is merged into the notebook as it stands here, or read from the file. */
  private leadAgain(): void {
    this.isAway = false;
    if (this.random() < 0.5) {
      // The server's own state of the file: what was here when it took over, brought up by the same fold.
      this.reload();
    }
    this.bringUp();
  }

  private mint(kind: string): string {
    this.minted += 1;
    return `${kind}${this.minted}`;
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[this.place(choices.length)];
  }

  private place(count: number): number {
    return Math.floor(this.random() * count);
  }

  private content = new Content();
  private document = new NotebookDocument(this.content, 's');
  private saved: unknown;
  private readonly history: Event[] = [];
  private applied = 0;
  private readonly ours = new Map<string, string>();
  private readonly theirs = new Map<string, string>();
  private readonly given = new Map<string, string>();
  private readonly printed = new Map<string, string>();
  private order: string[] = [];
  private undone: string[] = [];
  private minted = 0;
  private isAway = false;
  private pending = '';
  private approved = '';
  private running = '';
  private tail = '';
}

describe('People and agent on a notebook in a tab', () => {
  beforeEach(() => {
    // Jupyter's shared cells warn of reads that are harmless, with a trace each.
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('lose, double and misplace nothing', () => {
    for (let seed = 0; seed < NOTEBOOKS; seed += 1) {
      const notebook = new PeopleAndAgent(numbers(seed));
      try {
        for (let count = 0; count < OPERATIONS; count += 1) {
          notebook.step();
        }
      } catch (error) {
        throw new Error(`With the seed ${seed}: ${String(error)}`);
      }
    }
  });
});
