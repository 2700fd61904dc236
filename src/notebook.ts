import {
  NotebookActions,
  type INotebookTracker,
  type NotebookPanel
} from '@jupyterlab/notebook';
import type { Kernel, ServiceManager } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { followWork } from './follow';
import { settleConflicts } from './notebookConflicts';
import { CellMarks, PROPOSED_CLASS } from './notebookMarks';
import { watchRuns } from './notebookRun';
import { NotebookWriter } from './notebookWriter';
import type { FindingAdded } from './protocol';
import { createSession, listSessions, renameSession } from './request';
import { SessionSocket } from './socket';
import { drawWidgets } from './widgets';

export { NotebookWriter } from './notebookWriter';

/** What panel and model may know of notebooks. */
export interface INotebookLink {
  /** The path of the current notebook, which follows renames; null when none is open. */
  readonly path: string | null;
  /** The kernel's spec; empty when unknown. */
  readonly kernelName: string;
  /** The kernel's language, such as `python`; empty when unknown. */
  readonly language: string;
  /** The current notebook, its path or its kernel changed. */
  readonly changed: ISignal<INotebookLink, void>;
  /** Scroll to a cell of the current notebook and select it. */
  reveal(cellId: string): void;
  /** The cell after which new cells go; null: they go to the end. */
  activeCellId(): string | null;
  /** A cell's source as it stands now; null where there is no such cell. */
  source(cellId: string): string | null;
  /** Put another source into a cell, which the person can undo; nothing runs. */
  replaceSource(cellId: string, source: string): void;
  /** Save the current notebook. */
  save(): Promise<void>;
  /** The path of the current notebook, which is made where none is open. */
  ensureNotebook(): Promise<string>;
}

/** Approve the cell at which the person is. */
const APPROVE_COMMAND = 'ml-intern:approve-cell-here';

/** One open notebook and what of ours belongs to it. */
interface IOpen {
  readonly marks: CellMarks;
  readonly runs: IDisposable;
  readonly writers: Map<string, NotebookWriter>;
}

/** The open notebooks: the one that the person works in, the marks of their cells, the writers of their sessions. */
export class NotebookLink implements INotebookLink, IDisposable {
  constructor(private readonly options: NotebookLink.IOptions) {
    const { tracker } = options;
    this.addCommand();
    tracker.forEach(panel => this.add(panel));
    tracker.widgetAdded.connect((_, panel) => this.add(panel), this);
    tracker.currentChanged.connect(this.onCurrentChanged, this);
    this.onCurrentChanged();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** A notebook of this page has a kernel now, or another one than before. */
  get kernelChanged(): ISignal<this, Kernel.IKernelConnection> {
    return this._kernelChanged;
  }

  /** Every kernel that an open notebook talks to. */
  get kernels(): Kernel.IKernelConnection[] {
    return [...this._open.keys()].flatMap(panel => kernelOf(panel) ?? []);
  }

  /** Whether the current notebook talks to this kernel. */
  isCurrent(kernel: Kernel.IKernelConnection): boolean {
    return this._current?.sessionContext.session?.kernel === kernel;
  }

  /** Why this page doesn't write the current notebook, such as another tab that does; empty where all is well. */
  get problem(): string {
    const panel = this._current;
    const { trans } = this.options;
    if (panel?.context.contentsModel?.writable === false) {
      return trans.__(
        'This notebook is read-only. Save it under another name to work on it: File > Save Notebook As…'
      );
    }
    const writers = panel && this._open.get(panel)?.writers;
    const problems = [...(writers?.values() ?? [])];
    return problems.find(({ problem }) => problem !== '')?.problem ?? '';
  }

  get path(): string | null {
    return this._current?.context.path ?? null;
  }

  get kernelName(): string {
    return this._current?.sessionContext.session?.kernel?.name ?? '';
  }

  get language(): string {
    const { specs } = this.options.serviceManager.kernelspecs;
    return (
      specs?.kernelspecs[this.kernelName]?.language ??
      this._current?.model?.defaultKernelLanguage ??
      ''
    );
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  reveal(cellId: string): void {
    const panel = this._current;
    const index =
      panel?.content.widgets.findIndex(({ model }) => model.id === cellId) ??
      -1;
    if (panel && index >= 0) {
      panel.content.deselectAll();
      panel.content.activeCellIndex = index;
      void panel.content.scrollToItem(index, 'smart');
      panel.activate();
    }
  }

  activeCellId(): string | null {
    return this._current?.content.activeCell?.model.id ?? null;
  }

  source(cellId: string): string | null {
    const cell = this._current?.content.widgets.find(
      ({ model }) => model.id === cellId
    );
    return cell?.model.sharedModel.getSource() ?? null;
  }

  replaceSource(cellId: string, source: string): void {
    const cell = this._current?.content.widgets.find(
      ({ model }) => model.id === cellId
    );
    cell?.model.sharedModel.setSource(source);
    this.reveal(cellId);
  }

  /** Mark the cells of the current notebook in which something was found. */
  showFindings(findings: readonly FindingAdded[]): void {
    const open = this._current && this._open.get(this._current);
    open?.marks.showFindings(findings);
  }

  async save(): Promise<void> {
    const context = this._current?.context;
    if (context?.model.dirty) {
      await context.save();
    }
  }

  async ensureNotebook(): Promise<string> {
    if (this._current === null) {
      const { commands, serviceManager } = this.options;
      await serviceManager.kernelspecs.ready;
      await commands.execute('notebook:create-new', {
        kernelName: serviceManager.kernelspecs.specs?.default ?? ''
      });
    }
    const panel = this._current;
    if (panel === null) {
      throw new Error(
        this.options.trans.__(
          'No notebook could be made. Open one, then try again.'
        )
      );
    }
    await panel.context.ready;
    await panel.sessionContext.ready;
    return panel.context.path;
  }

  /** Bring a session's events into the current notebook, for as long as that is open. */
  attach(sessionId: string): void {
    const panel = this._current;
    const open = panel && this._open.get(panel);
    if (panel && open && !open.writers.has(sessionId)) {
      void panel.context.ready.then(() => this.write(panel, sessionId));
    }
  }

  /**
   * The writer of an open notebook, with a session that is begun where there is none; null where this page doesn't
   * write it.
   */
  async writerOf(model: object): Promise<NotebookWriter | null> {
    const panel = [...this._open.keys()].find(each => each.model === model);
    const writers = panel && this._open.get(panel)?.writers;
    if (!panel || !writers) {
      return null;
    }
    const { contents, serverSettings } = this.options.serviceManager;
    if (writers.size === 0) {
      const path = contents.localPath(panel.context.path);
      const name = panel.sessionContext.session?.kernel?.name ?? '';
      const known = await listSessions(serverSettings, path);
      const session =
        known[0] ?? (await createSession(serverSettings, path, name));
      this.write(panel, session.session_id);
    }
    const asking = [...writers.values()].filter(
      ({ lease }) => lease === 'asking'
    );
    await Promise.all(
      asking.map(
        writer =>
          new Promise(resolve => writer.leaseChanged.connect(resolve, this))
      )
    );
    return [...writers.values()].find(({ lease }) => lease === 'held') ?? null;
  }

  /** Leave a session that was deleted. */
  detach(sessionId: string): void {
    this._open.forEach(({ writers }) => {
      writers.get(sessionId)?.dispose();
      writers.delete(sessionId);
    });
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    [...this._open.keys()].forEach(panel => this.remove(panel));
    Signal.clearData(this);
  }

  private add(panel: NotebookPanel): void {
    const marks = new CellMarks(panel.content, this.options.trans);
    const runs = watchRuns(
      panel,
      NotebookActions.executionScheduled,
      () => marks.bar,
      this.options.trans
    );
    this._open.set(panel, { marks, runs, writers: new Map() });
    drawWidgets(panel);
    void panel.context.ready.then(() => {
      settleConflicts(panel.context, this.options.serviceManager.contents);
      // Only what was read tells whether it may be written.
      this.tell();
    });
    panel.disposed.connect(this.remove, this);
    panel.context.pathChanged.connect((_, path) => {
      void this.rename(panel, path);
    }, this);
    panel.sessionContext.kernelChanged.connect(() => {
      const link = kernelOf(panel);
      if (link !== null && !this._isDisposed) {
        this._kernelChanged.emit(link);
      }
      this.tell();
    }, this);
  }

  private remove(panel: NotebookPanel): void {
    const open = this._open.get(panel);
    this._open.delete(panel);
    open?.marks.dispose();
    open?.runs.dispose();
    open?.writers.forEach(writer => writer.dispose());
  }

  private write(panel: NotebookPanel, sessionId: string): void {
    const open = this._open.get(panel);
    if (!open || !panel.model || open.writers.has(sessionId)) {
      return;
    }
    const { trans, serviceManager } = this.options;
    const { contents, serverSettings: settings } = serviceManager;
    const socket = new SessionSocket({ settings, sessionId, trans });
    socket.frames.connect((_, { type }) => {
      if (type === 'cell_started') {
        this.joinKernel(panel).catch(() => {
          // JupyterLab has told the person why; the next cell tries again.
        });
      }
    });
    const writer = new NotebookWriter({
      sessionId,
      socket,
      model: panel.model,
      context: panel.context,
      contents,
      trans
    });
    open.writers.set(sessionId, writer);
    open.marks.follow(writer);
    followWork(panel, writer);
    writer.leaseChanged.connect(this.tell, this);
    writer.changed.connect(() => {
      if (writer.isDisposed) {
        open.writers.delete(sessionId);
      }
    });
  }

  /** Join the kernel that the server runs the notebook's cells in: one that came back has started a new one. */
  private async joinKernel(panel: NotebookPanel): Promise<void> {
    const { sessionContext } = panel;
    if (
      !sessionContext.isReady ||
      kernelOf(panel) ||
      this._joining.has(panel)
    ) {
      return;
    }
    this._joining.add(panel);
    try {
      const { sessions } = this.options.serviceManager;
      const running = await sessions.findByPath(sessionContext.path);
      if (running?.kernel && !kernelOf(panel) && !sessionContext.isDisposed) {
        await sessionContext.changeKernel({ id: running.kernel.id });
      }
    } finally {
      this._joining.delete(panel);
    }
  }

  private onCurrentChanged(): void {
    this._current = this.options.tracker.currentWidget;
    this.tell();
  }

  /** The sessions of a renamed notebook go along; the server's run goes on at the new path. */
  private async rename(panel: NotebookPanel, path: string): Promise<void> {
    const { serverSettings } = this.options.serviceManager;
    const sessions = [...(this._open.get(panel)?.writers.keys() ?? [])];
    await Promise.all(
      sessions.map(id => renameSession(serverSettings, id, path))
    );
    this.tell();
  }

  private tell(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  /** Where a proposal stands, the keys that run a cell approve it instead. */
  private addCommand(): void {
    const { commands, trans } = this.options;
    const bar = () =>
      (this._current && this._open.get(this._current)?.marks.bar) ?? null;
    commands.addCommand(APPROVE_COMMAND, {
      label: trans.__('Approve and Run the Proposed Cell'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => bar() !== null,
      execute: () => bar()?.approve()
    });
    for (const keys of ['Shift Enter', 'Accel Enter', 'Alt Enter']) {
      commands.addKeyBinding({
        command: APPROVE_COMMAND,
        keys: [keys],
        selector: `.jp-Notebook .${PROPOSED_CLASS}.jp-mod-active`
      });
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _kernelChanged = new Signal<this, Kernel.IKernelConnection>(
    this
  );
  private readonly _open = new Map<NotebookPanel, IOpen>();
  private _current: NotebookPanel | null = null;
  private readonly _joining = new Set<NotebookPanel>();
  private _isDisposed = false;
}

export namespace NotebookLink {
  export interface IOptions {
    tracker: INotebookTracker;
    commands: CommandRegistry;
    serviceManager: ServiceManager.IManager;
    trans: TranslationBundle;
  }
}

function kernelOf(panel: NotebookPanel): Kernel.IKernelConnection | null {
  return panel.sessionContext.session?.kernel ?? null;
}
