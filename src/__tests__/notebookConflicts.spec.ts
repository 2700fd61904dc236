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
  /** So many reads find it half written. */
  unreadable = 0;

  get(_: string, { content }: { content: boolean }): Promise<object> {
    if (content && this.unreadable > 0) {
      this.unreadable -= 1;
      return Promise.reject(new Error('400'));
    }
    return Promise.resolve({ hash: 'now', content: { cells: this.cells } });
  }

  save(_: string, options: object): Promise<object> {
    this.cells = (options as { content: { cells: ICell[] } }).content.cells;
    return Promise.resolve({});
  }
}

/** An open notebook, which asks as JupyterLab's does, and is told to leave both as they are. */
class Context {
  constructor(
    public cells: ICell[],
    private readonly files: Files
  ) {
    files.cells = cells;
    settleConflicts(
      this as unknown as NotebookContext,
      files as unknown as Contents.IManager
    );
  }

  readonly path = 'a.ipynb';
  readonly saveState = new Signal<this, string>(this);
  readonly fileChanged = new Signal<this, object>(this);
  readonly model = { dirty: false, toJSON: () => ({ cells: this.cells }) };
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

let files: Files;
let context: Context;

beforeEach(() => {
  files = new Files();
  context = new Context([mine, cell('agent', 'c = 1', 'running')], files);
});

describe('settleConflicts', () => {
  it('saves without a question what stands here, where only the server wrote the file meanwhile', async () => {
    files.cells = [
      { ...mine, outputs: [{ output_type: 'stream', text: '1' }] },
      cell('agent', 'c = 1', 'done'),
      cell('next', 'd = 1', 'proposed')
    ];
    context.cells = [edited, ...context.cells.slice(1)];
    await context.save(true);
    expect(context.asked).toBe(0);
    expect(files.cells).toBe(context.cells);
  });

  it.each([
    ['changed a cell', [edited]],
    ['added a cell', [mine, theirs]],
    ['deleted a cell', []]
  ])('lets JupyterLab ask where somebody else %s', async (_, cells) => {
    files.cells = cells;
    await context.save(true);
    expect(context.asked).toBe(1);
    expect(files.cells).toBe(cells);
  });

  it('lets JupyterLab ask where somebody else changed a cell of the intern’s that had ended', async () => {
    context = new Context([cell('agent', 'c = 1', 'done')], files);
    files.cells = [cell('agent', 'c = 2', 'done')];
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
