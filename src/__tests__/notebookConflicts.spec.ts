import { YNotebook } from '@jupyter/ydoc';
import type { ICell } from '@jupyterlab/nbformat';
import type { Contents } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { settleConflicts } from '../notebookConflicts';
import type { NotebookContext } from '../notebookSaver';

function cell(id: string, source: string, status?: string): ICell {
  return {
    id,
    cell_type: 'code',
    source,
    metadata: status ? { ml_intern: { run_id: 'r', status } } : {},
    outputs: [],
    execution_count: null
  };
}

/** The server's files, of which there is one. */
class Files {
  cells: ICell[] = [];
  metadata: object = { ml_intern: {} };
  /** So many reads find it half written. */
  unreadable = 0;

  get(_: string, { content }: { content: boolean }): Promise<object> {
    if (content && this.unreadable > 0) {
      this.unreadable -= 1;
      return Promise.reject(new Error('400'));
    }
    const { cells, metadata } = this;
    return Promise.resolve({ hash: 'now', content: { cells, metadata } });
  }

  save(_: string, options: object): Promise<object> {
    this.cells = (options as { content: { cells: ICell[] } }).content.cells;
    return Promise.resolve({});
  }
}

/** An open notebook, which asks as JupyterLab's does, and is told to leave both as they are. */
class Context {
  constructor(
    cells: ICell[],
    private readonly files: Files
  ) {
    this.cells = files.cells = cells;
    settleConflicts(
      this as unknown as NotebookContext,
      files as unknown as Contents.IManager
    );
  }

  get cells(): ICell[] {
    return this.shared.cells.map(each => each.toJSON() as ICell);
  }

  set cells(cells: ICell[]) {
    this.shared.deleteCellRange(0, this.shared.cells.length);
    this.shared.insertCells(0, cells);
  }

  readonly shared = YNotebook.create();
  readonly path = 'a.ipynb';
  readonly saveState = new Signal<this, string>(this);
  readonly fileChanged = new Signal<this, object>(this);
  readonly model = {
    dirty: false,
    sharedModel: this.shared,
    toJSON: () => ({ cells: this.cells, metadata: {} })
  };
  asked = 0;

  /** Save, when the file is what was read or saved last, or isn't. */
  async save(hasChanged: boolean): Promise<void> {
    this.saveState.emit('started');
    const options = { content: { cells: this.cells } };
    try {
      await (hasChanged
        ? this._raiseConflict({}, options)
        : this.files.save(this.path, options));
      this.saveState.emit('completed');
    } catch {
      this.saveState.emit('failed');
    }
  }

  _raiseConflict: (...given: object[]) => Promise<object> = () => {
    this.asked += 1;
    return Promise.reject(new Error('Cancel'));
  };
}

const mine = cell('mine', 'a = 1');
const edited = cell('mine', 'a = 2');
const theirs = cell('theirs', 'b = 1');
const last = cell('last', 'z = 1');

const texts = (cells: ICell[]): string[] =>
  cells.map(({ id, source }) => `${id as string}: ${source as string}`);

let files: Files;
let context: Context;

beforeEach(() => {
  files = new Files();
  context = new Context([mine, cell('agent', 'c = 1', 'running')], files);
});

describe('settleConflicts', () => {
  it('saves without a question what stands here, where only the server wrote the file meanwhile', async () => {
    files.cells = [
      mine,
      cell('agent', 'c = 1', 'done'),
      cell('next', 'd = 1', 'proposed')
    ];
    context.cells = [edited, ...context.cells.slice(1)];
    await context.save(true);
    expect(context.asked).toBe(0);
    expect(texts(files.cells)).toEqual(['mine: a = 2', 'agent: c = 1']);
  });

  it.each([
    ['changed a cell', [edited, last], ['mine: a = 2', 'last: z = 2']],
    [
      'added a cell',
      [mine, theirs, last],
      ['mine: a = 1', 'theirs: b = 1', 'last: z = 2']
    ],
    ['deleted a cell', [last], ['last: z = 2']]
  ])(
    'brings in where somebody else %s',
    async (_, there: ICell[], expected: string[]) => {
      context = new Context([mine, last], files);
      context.cells = [mine, cell('last', 'z = 2')];
      files.cells = there;
      await context.save(true);
      expect(context.asked).toBe(0);
      expect(texts(files.cells)).toEqual(expected);
      expect(texts(context.cells)).toEqual(expected);
    }
  );

  it('brings in what a cell printed elsewhere, unless it ran here too', async () => {
    const printed = (text: string): ICell => ({
      ...mine,
      outputs: [{ output_type: 'stream', name: 'stdout', text }]
    });
    files.cells = [printed('there')];
    await context.save(true);
    expect(context.cells[0].outputs).toEqual(printed('there').outputs);
    context.cells = [printed('here')];
    files.cells = [printed('there again')];
    await context.save(true);
    expect(context.cells[0].outputs).toEqual(printed('here').outputs);
    expect(context.asked).toBe(0);
  });

  it.each([
    ['both changed a cell', [cell('mine', 'a = 3'), last]],
    ['one deleted what the other changed', [last]],
    ['cells were moved', [last, mine]]
  ])('lets JupyterLab ask where %s', async (_, there: ICell[]) => {
    context = new Context([mine, last], files);
    context.cells = [edited, last];
    files.cells = there;
    await context.save(true);
    expect(context.asked).toBe(1);
    expect(files.cells).toBe(there);
    expect(texts(context.cells)).toEqual(['mine: a = 2', 'last: z = 1']);
  });

  it('brings in what somebody else made of a cell of the intern’s that had ended', async () => {
    context = new Context([cell('agent', 'c = 1', 'done')], files);
    files.cells = [cell('agent', 'c = 2', 'done')];
    await context.save(true);
    expect(context.asked).toBe(0);
    expect(texts(files.cells)).toEqual(['agent: c = 2']);
  });

  it('leaves a notebook to JupyterLab that the intern has never worked in', async () => {
    files.metadata = {};
    files.cells = [...context.cells, theirs];
    await context.save(true);
    expect(context.asked).toBe(1);
  });

  it('knows what was saved last, and what was read last', async () => {
    context.cells = [edited];
    await context.save(false);
    files.cells = [edited, cell('next', 'd = 1', 'done')];
    await context.save(true);
    expect(context.asked).toBe(0);

    context.cells = files.cells = [edited, theirs];
    context.fileChanged.emit({});
    files.cells = [edited, theirs, cell('other', 'e = 1', 'done')];
    await context.save(true);
    expect(context.asked).toBe(0);
  });

  it('does not take for read what was never in the file', async () => {
    context.cells = [edited];
    context.model.dirty = true;
    // The server wrote, and the notebook here goes on with what it has.
    context.fileChanged.emit({});
    files.cells = [mine, cell('next', 'd = 1', 'done')];
    await context.save(true);
    expect(context.asked).toBe(0);
  });

  it('waits for a file that is just being written, and lets JupyterLab ask about one that stays unreadable', async () => {
    files.unreadable = 2;
    await context.save(true);
    expect(context.asked).toBe(0);
    files.unreadable = 10;
    await context.save(true);
    expect(context.asked).toBe(1);
  });
});
