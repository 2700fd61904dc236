import type { Contents } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { NotebookSaver, type NotebookContext } from '../notebookSaver';

/** Files by name, each a hash, and a context that saves into them as JupyterLab's does. */
class Files {
  readonly held = new Map<string, string>([['old.ipynb', 'first']]);
  readonly disposed = new Signal<this, void>(this);
  readonly saveState = new Signal<this, string>(this);
  readonly pathChanged = new Signal<this, string>(this);
  path = 'old.ipynb';
  contentsModel = { hash: 'first' };
  isDisposed = false;
  readonly model = {
    contentChanged: new Signal<this, void>(this),
    dirty: false,
    shown: 'first',
    fromJSON: (content: string) => {
      this.model.shown = content;
    }
  };

  save(): Promise<void> {
    return this.write(this.path);
  }

  async write(path: string): Promise<void> {
    this.saveState.emit('started');
    await Promise.resolve();
    this.contentsModel = { hash: `written to ${path}` };
    this.held.set(path, this.contentsModel.hash);
    this.model.dirty = false;
    this.saveState.emit('completed');
  }

  async rename(_: string, to: string): Promise<object> {
    await Promise.resolve();
    this.moved(to);
    return this.get(to);
  }

  moved(path: string): void {
    this.held.set(path, this.held.get(this.path) ?? '');
    this.held.delete(this.path);
    this.path = path;
    this.pathChanged.emit(path);
  }

  _updateContentsModel(model: { hash: string }): void {
    this.contentsModel = { hash: model.hash };
  }

  get(path: string): Promise<object> {
    if (path === '') {
      const content = [...this.held.keys()].map(name => ({ name }));
      return Promise.resolve({ content });
    }
    const hash = this.held.get(path);
    return hash === undefined
      ? Promise.reject(new Error('404'))
      : Promise.resolve({ path, hash, content: hash });
  }

  delete(path: string): Promise<void> {
    this.held.delete(path);
    return Promise.resolve();
  }
}

function saverOf(files: Files): NotebookSaver {
  return new NotebookSaver(
    files as unknown as NotebookContext,
    files as unknown as Contents.IManager
  );
}

const settled = (): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, 20));

describe('NotebookSaver', () => {
  it('takes away the copy that a rename during a save leaves behind', async () => {
    const files = new Files();
    const saver = saverOf(files);
    const saving = files.write('old.ipynb');
    files.moved('new.ipynb');
    await saving;
    await settled();
    expect([...files.held]).toEqual([['new.ipynb', 'written to new.ipynb']]);
    saver.dispose();
  });

  it('leaves a file under the old name that is not its own', async () => {
    const files = new Files();
    const saver = saverOf(files);
    const saving = files.write('old.ipynb');
    files.moved('new.ipynb');
    await saving;
    files.held.set('old.ipynb', "somebody else's");
    await settled();
    expect(files.held.get('old.ipynb')).toBe("somebody else's");
    saver.dispose();
  });

  it('begins a save once the one before has ended', async () => {
    const files = new Files();
    const saver = saverOf(files);
    const states: string[] = [];
    files.saveState.connect((_, state) => states.push(state));
    await Promise.all([files.save(), files.save()]);
    expect(states).toEqual(['started', 'completed', 'started', 'completed']);
    saver.dispose();
  });

  it('is renamed between two saves', async () => {
    const files = new Files();
    const saver = saverOf(files);
    await Promise.all([
      files.save(),
      files.rename('old.ipynb', 'new.ipynb'),
      files.save()
    ]);
    expect([...files.held]).toEqual([['new.ipynb', 'written to new.ipynb']]);
    saver.dispose();
  });

  it('leaves a notebook unsaved that changed during a save', async () => {
    const files = new Files();
    const saver = saverOf(files);
    const saving = files.save();
    await Promise.resolve();
    files.model.contentChanged.emit();
    await saving;
    expect(files.model.dirty).toBe(true);
    await files.save();
    expect(files.model.dirty).toBe(false);
    saver.dispose();
  });

  it('reads anew what somebody else saved', async () => {
    const files = new Files();
    const saver = saverOf(files);
    expect(await saver.readAgain()).toBe(false);
    files.held.set('old.ipynb', 'second');
    expect(await saver.readAgain()).toBe(true);
    expect(files.model.shown).toBe('second');
    expect(files.contentsModel.hash).toBe('second');
    saver.dispose();
  });

  it('reads nothing anew over what is typed before or meanwhile', async () => {
    const files = new Files();
    const saver = saverOf(files);
    files.held.set('old.ipynb', 'second');
    const reading = saver.readAgain();
    files.model.dirty = true;
    expect(await reading).toBe(false);
    expect(await saver.readAgain()).toBe(false);
    expect(files.model.shown).toBe('first');
    saver.dispose();
  });

  it('lets nobody save while something else has its turn', async () => {
    const files = new Files();
    const saver = saverOf(files);
    const states: string[] = [];
    files.saveState.connect((_, state) => states.push(state));
    const turn = saver.inTurn(async () => {
      await settled();
      states.push('turn');
    });
    await Promise.all([files.save(), turn]);
    expect(states).toEqual(['turn', 'started', 'completed']);
    saver.dispose();
  });

  it('saves once for several wishes, and not after it was disposed of', async () => {
    const files = new Files();
    const saver = saverOf(files);
    let saves = 0;
    files.saveState.connect((_, state) => {
      saves += state === 'completed' ? 1 : 0;
    });
    saver.soon(5);
    saver.soon(0);
    saver.soon(10);
    await settled();
    expect(saves).toBe(1);
    saver.soon(0);
    saver.dispose();
    await settled();
    expect(saves).toBe(1);
  });
});
