import { PathExt } from '@jupyterlab/coreutils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { ServerConnection, type Contents } from '@jupyterlab/services';
import type { PartialJSONValue } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

/** So many milliseconds after a change the notebook is saved, unless something asks sooner. */
const SAVE_DELAY = 1000;

/** What is needed of JupyterLab's context of an open notebook. */
export type NotebookContext =
  DocumentRegistry.IContext<DocumentRegistry.IModel>;

/** Saves an open notebook soon after it changed, one save at a time, JupyterLab's own included. */
export class NotebookSaver implements IDisposable {
  constructor(
    private readonly context: NotebookContext,
    private readonly contents: Contents.IManager
  ) {
    this._path = context.path;
    saveInTurn(context);
    renameInTurn(contents);
    context.saveState.connect(this.onSaveState, this);
    context.pathChanged.connect(this.onPathChanged, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Save within `delay` milliseconds. */
  soon(delay = SAVE_DELAY): void {
    if (this._isDisposed) {
      return;
    }
    const due = Date.now() + delay;
    if (this._timer === 0 || due < this._due) {
      window.clearTimeout(this._timer);
      this._due = due;
      this._timer = window.setTimeout(() => {
        this._timer = 0;
        void this.save();
      }, delay);
    }
  }

  /** Do something between two saves. */
  async inTurn<T>(act: () => Promise<T>): Promise<T> {
    return takeTurn(this.context, act);
  }

  /**
   * Read the notebook anew where somebody else saved it since this tab read or wrote it, unless something here isn't
   * saved.
   *
   * @returns Whether it was read anew.
   * @throws ServerConnection.ResponseError where the file can't be read.
   */
  async readAgain(): Promise<boolean> {
    const { model, path } = this.context;
    if (model.dirty || (await this.news()) === null) {
      return false;
    }
    const file = await this.contents.get(path, {
      type: 'notebook',
      format: 'json',
      content: true,
      hash: true
    });
    // JupyterLab's own way of reading it anew would lose what the person typed meanwhile.
    if (model.dirty || this.context.isDisposed || path !== this.context.path) {
      return false;
    }
    model.fromJSON(file.content as PartialJSONValue);
    this.setKnown(file);
    return true;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      window.clearTimeout(this._timer);
      this.context.saveState.disconnect(this.onSaveState, this);
      this.context.pathChanged.disconnect(this.onPathChanged, this);
    }
  }

  private async save(): Promise<void> {
    const { context } = this;
    if (this._isDisposed || context.isDisposed) {
      return;
    }
    if (this._saving) {
      this.soon();
      return;
    }
    try {
      await context.save();
    } catch {
      // JupyterLab has told the person why; the next change tries again.
    }
  }

  /**
   * Let the next save replace what the server wrote meanwhile: it is in the notebook here, brought in cell by cell.
   *
   * JupyterLab would ask the person, who can't know. It offers no public way to say that the file's state is known.
   */
  private async accept(): Promise<void> {
    const file = await this.news();
    if (file !== null && !this.context.isDisposed) {
      this.setKnown(file);
    }
  }

  private setKnown(file: Contents.IModel): void {
    const context = this.context as unknown as {
      _updateContentsModel?: (model: Contents.IModel) => void;
    };
    context._updateContentsModel?.({ ...this.context.contentsModel, ...file });
  }

  /** The file as it is now, without content; null where it is what this tab read or wrote last. */
  private async news(): Promise<Contents.IModel | null> {
    const known = this.context.contentsModel;
    let file: Contents.IModel;
    try {
      file = await this.contents.get(this.context.path, {
        content: false,
        hash: true
      });
    } catch (error) {
      if (
        error instanceof ServerConnection.ResponseError &&
        error.response.status === 404
      ) {
        // It was deleted; the next save makes it anew.
        return null;
      }
      throw error;
    }
    const same =
      known?.hash && file.hash
        ? known.hash === file.hash
        : known?.last_modified === file.last_modified;
    return same ? null : file;
  }

  private onSaveState(
    _: NotebookContext,
    state: DocumentRegistry.SaveState
  ): void {
    this._saving = state === 'started';
    if (!this._saving && this._left !== '') {
      void this.leave(this._left);
      this._left = '';
    }
  }

  private onPathChanged(): void {
    // A save that had begun writes the notebook under its old name once more.
    this._left = this._saving ? this._path : '';
    this._path = this.context.path;
  }

  /** Save under the new name what went to the old one, and take that copy away, if it is nothing but ours. */
  private async leave(path: string): Promise<void> {
    const written = this.context.contentsModel?.hash;
    try {
      await this.accept();
      this.soon(0);
      // Most often there is none, and a browser writes each file that isn't found into its console.
      const folder = await this.contents.get(PathExt.dirname(path));
      const files = folder.content as Contents.IModel[];
      const names = files.map(({ name }) => name);
      if (!written || !names.includes(PathExt.basename(path))) {
        return;
      }
      const copy = await this.contents.get(path, {
        content: false,
        hash: true
      });
      if (copy.hash === written) {
        await this.contents.delete(path);
      }
    } catch (error) {
      // Nothing is lost: at most a copy stays under the old name.
      console.debug(`${path} was left as it is: ${String(error)}`);
    }
  }

  private _saving = false;
  /** The notebook's name now, and the one under which a save that had begun before may have left a copy. */
  private _path: string;
  private _left = '';
  private _timer = 0;
  private _due = 0;
  private _isDisposed = false;
}

/** For each open notebook, when what had to come before is done. */
const turns = new Map<NotebookContext, Promise<unknown>>();

async function takeTurn<T>(
  context: NotebookContext,
  act: () => Promise<T>
): Promise<T> {
  const mine = (turns.get(context) ?? Promise.resolve()).then(act, act);
  turns.set(context, mine);
  return mine;
}

/**
 * Let each save of this notebook begin when the one before has ended, whoever asked for it, and leave the notebook
 * unsaved where it changed meanwhile.
 *
 * Of two saves at once, JupyterLab takes the one for somebody else's change of the file and asks the person about it.
 * And it calls a notebook saved after each save, though outputs may have come that the file doesn't have.
 */
function saveInTurn(context: NotebookContext): void {
  if (!turns.has(context)) {
    const save = context.save.bind(context);
    turns.set(context, Promise.resolve());
    context.disposed.connect(() => turns.delete(context));
    context.save = () => takeTurn(context, () => saveAll(context, save));
  }
}

async function saveAll(
  context: NotebookContext,
  save: () => Promise<void>
): Promise<void> {
  const { model } = context;
  let changed = false;
  const onChange = (): void => {
    changed = true;
  };
  model.contentChanged.connect(onChange);
  try {
    await save();
  } finally {
    model.contentChanged.disconnect(onChange);
  }
  // Where a notebook is shared, its server says what is saved.
  if (changed && !model.isDisposed && !model.collaborative) {
    model.dirty = true;
  }
}

const waiting = new WeakSet<Contents.IManager>();

/**
 * Let no file be renamed, nor a folder that it lies in, while it is being saved, nor saved while it is being renamed.
 *
 * A save that meets a rename fails, and JupyterLab opens a dialog about a file that isn't there any more. The intern's
 * notebook is saved so often that a person's rename would meet one.
 */
function renameInTurn(contents: Contents.IManager): void {
  if (waiting.has(contents)) {
    return;
  }
  waiting.add(contents);
  const rename = contents.rename.bind(contents);
  contents.rename = (from, to) =>
    [...turns.keys()]
      .filter(({ path }) => path === from || path.startsWith(`${from}/`))
      .reduce(
        (act, context) => () => takeTurn(context, act),
        () => rename(from, to)
      )();
}
