import type { ISharedNotebook } from '@jupyter/ydoc';
import type * as nbformat from '@jupyterlab/nbformat';
import type { Contents } from '@jupyterlab/services';

import { mergeTheirs } from './notebookMerge';
import type { NotebookContext } from './notebookSaver';

/** What is needed of JupyterLab's context that it doesn't offer in public: what it does where a file has changed. */
interface IAsking {
  _raiseConflict?: (
    file: Contents.IModel,
    options: Partial<Contents.IModel>
  ) => Promise<Contents.IModel>;
}

/**
 * Let a notebook be saved without a question where its file has changed, and nothing is lost by that.
 *
 * While a tab sleeps, is cut off or is being loaded, the server writes the intern's cells into the file, and another tab
 * the person's. JupyterLab would ask the person which of the two to keep. The server, or this tab, brings in what is
 * lacking here of the intern's cells; people's are brought in by `mergeTheirs`. Where it can't, JupyterLab asks as always.
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
  const here = (): nbformat.INotebookContent =>
    context.model.toJSON() as unknown as nbformat.INotebookContent;
  let known = here();
  let saving: nbformat.INotebookContent | null = null;
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
    const notebook = context.model.sharedModel as unknown as ISharedNotebook;
    const there = await read(contents, path);
    if (there === null || !mergeTheirs(known, there, notebook)) {
      return raise(file, options);
    }
    saving = here();
    const saved = await contents.save(path, { ...options, content: saving });
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
