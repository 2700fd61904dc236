import { PromiseDelegate } from '@lumino/coreutils';

import { runCell, type INotebookCellExecutor } from '../notebookTracker';
import type { NotebookWriter } from '../notebookWriter';
import { CellExecutor } from '../ownCells';
import type { CellFinished } from '../protocol';
import { CommandError } from '../socket';
import { Content } from './content';

jest.mock('../notebookTracker', () => ({
  ...jest.requireActual<object>('../notebookTracker'),
  runCell: jest.fn()
}));

type Options = Parameters<INotebookCellExecutor['runCell']>[0];

const byJupyterLab = runCell as jest.MockedFunction<typeof runCell>;
let content: Content;
/** What happened, in order. */
let story: string[] = [];
let ends: Map<string, PromiseDelegate<CellFinished>>;
let refusal: Error | null = null;

/** A page's writer, whose server takes every cell and ends it when the test says so. */
const writer = {
  runOwnCell: async (id: string, source: string) => {
    await Promise.resolve();
    if (refusal !== null) {
      throw refusal;
    }
    story.push(`server has ${id}: ${source}`);
    const end = new PromiseDelegate<CellFinished>();
    ends.set(id, end);
    return { ended: end.promise };
  }
} as unknown as NotebookWriter;

function end(id: string, fields: Partial<CellFinished> = {}): void {
  story.push(`${id} ended`);
  ends.get(id)?.resolve({
    status: 'done',
    execution_count: 1,
    error: null,
    ...fields
  } as CellFinished);
}

function options(
  id: string,
  source: string,
  cell_type: 'code' | 'markdown' = 'code'
): Options {
  content.sharedModel.insertCell(content.cells.length, {
    id,
    cell_type,
    source
  });
  return {
    cell: { model: content.cells[content.cells.length - 1] },
    notebook: content,
    sessionContext: { session: { kernel: {} } },
    onCellExecutionScheduled: () => story.push(`${id} scheduled`),
    onCellExecuted: ({ success }: { success: boolean }) =>
      story.push(`${id} executed: ${success}`)
  } as unknown as Options;
}

async function settle(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 0));
}

function executorOf(found: NotebookWriter | null = writer): CellExecutor {
  const executor = new CellExecutor();
  executor.writerOf = () => Promise.resolve(found);
  return executor;
}

beforeEach(() => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  content = new Content();
  story = [];
  ends = new Map();
  refusal = null;
  byJupyterLab.mockReset();
  byJupyterLab.mockImplementation(({ cell }) => {
    story.push(`JupyterLab has ${cell.model.id}`);
    return Promise.resolve(true);
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('CellExecutor', () => {
  it('leaves every cell to JupyterLab until the person chooses otherwise', async () => {
    const executor = new CellExecutor();
    expect(await executor.runCell(options('a', '1'))).toBe(true);
    expect(story).toEqual(['JupyterLab has a']);
  });

  it('lets the server run a cell, and tells JupyterLab when it begins and how it ends', async () => {
    const given = options('a', 'print(1)');
    const running = executorOf().runCell(given);
    await settle();
    expect(story).toEqual(['a scheduled', 'server has a: print(1)']);
    expect(content.code('a').executionState).toBe('running');
    end('a');
    expect(await running).toBe(true);
    expect(story.slice(2)).toEqual(['a ended', 'a executed: true']);
  });

  it('sends cells in their order, without waiting for the ends of those before', async () => {
    const executor = executorOf();
    const running = ['a', 'b', 'c'].map(id =>
      executor.runCell(options(id, `x = "${id}"`))
    );
    await settle();
    expect(story.filter(line => line.startsWith('server'))).toEqual([
      'server has a: x = "a"',
      'server has b: x = "b"',
      'server has c: x = "c"'
    ]);
    ['a', 'b', 'c'].forEach(id => end(id));
    expect(await Promise.all(running)).toEqual([true, true, true]);
  });

  it.each([
    'name = input("Name? ")',
    'import getpass\ngetpass.getpass()',
    'x = 1\n  %debug',
    'breakpoint()'
  ])(
    'leaves to JupyterLab what only the person’s own page can answer, in its turn: %s',
    async asking => {
      const executor = executorOf();
      const first = executor.runCell(options('a', 'slow()'));
      const second = executor.runCell(options('b', asking));
      const third = executor.runCell(options('c', 'x'));
      await settle();
      expect(story).toEqual(['a scheduled', 'server has a: slow()']);
      end('a');
      await settle();
      expect(story.slice(2)).toEqual([
        'a ended',
        'a executed: true',
        'JupyterLab has b',
        'c scheduled',
        'server has c: x'
      ]);
      end('c');
      await Promise.all([first, second, third]);
    }
  );

  it.each(['', '  \n'])(
    'leaves to JupyterLab what is nothing to run: %j',
    async source => {
      await executorOf().runCell(options('a', source));
      expect(story).toEqual(['JupyterLab has a']);
    }
  );

  it('leaves texts to JupyterLab, and what has no kernel', async () => {
    const executor = executorOf();
    await executor.runCell(options('a', '# Title', 'markdown'));
    await executor.runCell({
      ...options('b', '1'),
      sessionContext: undefined
    });
    expect(story).toEqual(['JupyterLab has a', 'JupyterLab has b']);
  });

  it('leaves the cells of a notebook to JupyterLab that this page does not write, or whose writer is not to be had', async () => {
    await executorOf(null).runCell(options('a', '1'));
    const executor = new CellExecutor();
    executor.writerOf = () => Promise.reject(new Error('no server half'));
    await executor.runCell(options('b', '1'));
    expect(story).toEqual(['JupyterLab has a', 'JupyterLab has b']);
  });

  it('tells a failure as JupyterLab does, so that what follows is not run', async () => {
    const running = executorOf().runCell(options('a', '1 / 0'));
    const told = expect(running).rejects.toMatchObject({
      errorName: 'ZeroDivisionError',
      errorValue: 'division by zero'
    });
    await settle();
    const error = { ename: 'ZeroDivisionError', evalue: 'division by zero' };
    end('a', { status: 'failed', error } as never);
    await told;
    expect(story[story.length - 1]).toBe('a executed: false');
  });

  it('says of a cell that was not run that it was not', async () => {
    const running = executorOf().runCell(options('a', '1'));
    await settle();
    end('a', { status: 'stopped', execution_count: null });
    expect(await running).toBe(false);
    expect(story[story.length - 1]).toBe('a executed: false');
  });

  it('passes on the server’s sentence where that takes no cell, and goes on with the next', async () => {
    const executor = executorOf();
    refusal = new CommandError('The kernel is gone.', 'refused');
    const first = executor.runCell(options('a', '1'));
    await expect(first).rejects.toThrow('The kernel is gone.');
    expect(content.code('a').executionState).toBe('idle');
    refusal = null;
    const second = executor.runCell(options('b', '2'));
    await settle();
    end('b');
    expect(await second).toBe(true);
  });
});
