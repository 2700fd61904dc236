import type * as nbformat from '@jupyterlab/nbformat';
import type { Contents } from '@jupyterlab/services';

import { METADATA_KEY } from './notebookDocument';
import type { NotebookContext } from './notebookSaver';

/** What is needed of JupyterLab's context that it doesn't offer in public: what it does where a file has changed. */
interface IAsking {
  _raiseConflict?: (
    file: Contents.IModel,
    options: Partial<Contents.IModel>
  ) => Promise<Contents.IModel>;
}

/**
 * Let a notebook be saved without a question where nobody but our server has changed its file meanwhile.
 *
 * While a tab sleeps, is cut off or is being loaded, the server writes the intern's cells into the file. JupyterLab would
 * ask the person which of the two to keep. Saving what stands here loses nothing: the server, or this tab, brings what
 * it lacks of the intern's cells in again. Where somebody else changed anything, JupyterLab asks as always.
 *
 * @param context - Of a notebook that was just read.
 */
export function settleConflicts(
  context: NotebookContext,
  contents: Contents.IManager
): void {
  const asking = context as unknown as IAsking;
  const raise = asking._raiseConflict?.bind(context);
  if (raise === undefined) {
    // Another version of JupyterLab; it asks once too often.
    return;
  }
  const here = (): IWork =>
    workOf(context.model.toJSON() as unknown as nbformat.INotebookContent);
  let known = here();
  let saving: IWork | null = null;
  context.saveState.connect((_, state) => {
    if (state === 'started') {
      saving = here();
    } else if (state === 'completed') {
      known = saving ?? known;
      saving = null;
    } else {
      saving = null;
    }
  });
  context.fileChanged.connect(() => {
    // Read, and not by a save: it stands here now. With other work here it was not read, but will be written over.
    known = saving === null && !context.model.dirty ? here() : known;
  });
  asking._raiseConflict = async (file, options) => {
    const { path } = context;
    const there = await read(contents, path);
    if (there === null || !isSame(known, workOf(there))) {
      return raise(file, options);
    }
    const saved = await contents.save(path, options);
    const now = await contents.get(path, { content: false, hash: true });
    return { ...saved, hash: now.hash, hash_algorithm: now.hash_algorithm };
  };
}

/** A notebook's file; null where it can't be read, not even a little later: while it is being written, it can't. */
async function read(
  contents: Contents.IManager,
  path: string
): Promise<nbformat.INotebookContent | null> {
  for (const pause of [100, 200, 400, 0]) {
    try {
      const file = await contents.get(path, {
        type: 'notebook',
        format: 'json',
        content: true
      });
      return file.content as nbformat.INotebookContent;
    } catch {
      await new Promise(resolve => window.setTimeout(resolve, pause));
    }
  }
  return null;
}

/** What only people change in a notebook: their cells in order, and the text of the intern's that have ended. */
interface IWork {
  readonly people: readonly string[];
  readonly ended: ReadonlyMap<string, string>;
}

function workOf({ cells }: nbformat.INotebookContent): IWork {
  const people: string[] = [];
  const ended = new Map<string, string>();
  for (const cell of cells) {
    const facts = cell.metadata[METADATA_KEY] as
      { status?: unknown } | undefined;
    const id = cell.id as string;
    if (facts === undefined) {
      people.push(JSON.stringify([id, cell.cell_type, cell.source]));
    } else if (facts.status === 'done' || facts.status === 'failed') {
      ended.set(id, JSON.stringify(cell.source));
    }
  }
  return { people, ended };
}

function isSame(one: IWork, other: IWork): boolean {
  return (
    one.people.join('\n') === other.people.join('\n') &&
    [...one.ended].every(([id, text]) => (other.ended.get(id) ?? text) === text)
  );
}
