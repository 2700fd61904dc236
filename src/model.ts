import { PathExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { serverProblem } from './health';
import type { INotebookLink } from './notebook';
import type { Mode, ModelInfo, RerunNotebook, SessionInfo } from './protocol';
import { lastRun } from './reducer';
import {
  copyExample,
  createSession,
  deleteSession,
  listModels,
  listSessions
} from './request';
import { SessionModel } from './session';

/** What the person chose for runs to come. An empty model means the server's own choice. */
export interface IChoice {
  readonly mode: Mode;
  readonly model: string;
}

/** The parts of the panel: the conversation, what was measured, and what the review rules found. */
export const TABS = ['run', 'scoreboard', 'review'] as const;
export type Tab = (typeof TABS)[number];

/** What the panel needs to know of notebooks. */
export interface IPanelNotebook extends INotebookLink {
  /** Why this page doesn't write the current notebook; empty where it does. */
  readonly problem: string;
}

/** What one run has of its own. */
export interface IWish extends Partial<IChoice> {
  readonly max_steps?: number;
  /** The cell that the run's cells follow. */
  readonly after?: string;
}

/**
 * What the panel shows: the sessions of the notebook that the person works in, and one of them.
 *
 * Nothing here throws at its caller because of the server: `problem` and `failure` say it to the person.
 */
export class InternModel implements IDisposable {
  constructor(private readonly options: InternModel.IOptions) {
    options.notebook.changed.connect(this.onNotebookChanged, this);
  }

  /** Anything below changed, the current session's state included. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Another session is shown now. */
  get currentChanged(): ISignal<this, SessionModel | null> {
    return this._currentChanged;
  }

  /** A session was deleted, named by its id. */
  get deleted(): ISignal<this, string> {
    return this._deleted;
  }

  /** A text for the composer to show, such as an example's task. */
  get drafted(): ISignal<this, string> {
    return this._drafted;
  }

  /** The session that is shown; null before the notebook has one. */
  get current(): SessionModel | null {
    return this._current;
  }

  get notebook(): IPanelNotebook {
    return this.options.notebook;
  }

  /** The notebook's sessions, the newest first. */
  get sessions(): readonly SessionInfo[] {
    return this._sessions;
  }

  get models(): readonly ModelInfo[] {
    return this._models;
  }

  get choice(): IChoice {
    return this._choice;
  }

  /** Why nothing works now, such as a missing server half; null where all is well. */
  get problem(): string | null {
    return this._problem;
  }

  /** Why the last thing that the person asked for did not happen; null after they dismissed it. */
  get failure(): string | null {
    return this._failure;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask the server again for its health, its models and the notebook's sessions. */
  async refresh(): Promise<void> {
    const { settings, trans } = this.options;
    this._problem = await serverProblem(settings, trans);
    if (this._problem === null) {
      await this.report(async () => {
        this._models = await listModels(settings);
      });
      await this.follow();
    }
    this._changed.emit();
  }

  /** Choose mode or model for runs to come. */
  choose(choice: Partial<IChoice>): void {
    this._choice = { ...this._choice, ...choice };
    this._changed.emit();
  }

  /** Change the mode of the run that works, where one does, and of those to come. */
  async setMode(mode: Mode): Promise<void> {
    const current = this._current;
    if (current && lastRun(current.state)?.status === 'running') {
      await current.setMode(mode);
    }
    this.choose({ mode });
  }

  /** Change the model of the run that works, where one does, and of those to come. */
  async setModel(model: string): Promise<void> {
    const current = this._current;
    if (current && lastRun(current.state)?.status === 'running') {
      await current.setModel(model);
    }
    this.choose({ model });
  }

  /** The session with this id, whichever notebook it belongs to; opened where it wasn't. */
  session(sessionId: string): SessionModel {
    let session = this._pool.get(sessionId);
    if (session === undefined) {
      const { settings, trans } = this.options;
      session = new SessionModel({ settings, sessionId, trans });
      this._pool.set(sessionId, session);
    }
    return session;
  }

  /** Show one of the notebook's sessions. */
  openSession(sessionId: string): void {
    const path = this.notebook.path;
    if (path !== null) {
      this._chosen.set(path, sessionId);
    }
    this.show(sessionId);
  }

  /** Begin a conversation afresh: the session itself is made with its first task. */
  newSession(): void {
    const path = this.notebook.path;
    if (path !== null) {
      this._chosen.set(path, null);
    }
    this.show(null);
  }

  /** Forget the current session for good. The notebook keeps its cells. */
  async deleteSession(): Promise<void> {
    const current = this._current;
    if (current === null) {
      return;
    }
    await deleteSession(this.options.settings, current.sessionId);
    this._pool.delete(current.sessionId);
    this._deleted.emit(current.sessionId);
    this.newSession();
    current.dispose();
    await this.follow();
  }

  /**
   * Begin a task in the notebook that the person works in, after the cell where they are.
   *
   * @param wish - What this run has instead of the person's standing choice and place.
   * @throws Error with a sentence where it can't begin.
   */
  async startRun(task: string, wish: IWish = {}): Promise<void> {
    const path = await this.notebook.ensureNotebook();
    const session = this._current ?? (await this.createSession(path));
    await this.notebook.save();
    this.showTab('run');
    const { after = this.notebook.activeCellId(), ...choice } = wish;
    await session.startRun(task, { ...this._choice, ...choice }, after);
  }

  /** Let the rules look over the notebook that the person works in, as it stands now. */
  async reviewNotebook(): Promise<void> {
    const path = this.notebook.path;
    if (path !== null) {
      const session = this._current ?? (await this.createSession(path));
      await this.notebook.save();
      this.showTab('review');
      await session.reviewNotebook();
    }
  }

  /** Run the notebook again as it stands now, in a copy of its folder. */
  async rerunNotebook(
    wish: Pick<RerunNotebook, 'other_seed' | 'without_leaks'>
  ): Promise<void> {
    if (this._current !== null) {
      await this.notebook.save();
      await this._current.rerunNotebook(wish);
    }
  }

  /** The part of the panel that is shown. */
  get tab(): Tab {
    return this._tab;
  }

  showTab(tab: Tab): void {
    if (tab !== this._tab) {
      this._tab = tab;
      this._changed.emit();
    }
  }

  /** Copy an example's data beside the notebook and put its task into the composer. */
  async openExample(name: string): Promise<void> {
    const path = await this.notebook.ensureNotebook();
    const folder = PathExt.dirname(path);
    const { task } = await copyExample(this.options.settings, name, folder);
    this._drafted.emit(task);
  }

  /** Do something that the person asked for; where it fails, the panel says why. */
  async attempt(action: () => Promise<void>): Promise<void> {
    this.dismiss();
    await this.report(action);
  }

  /** `attempt` it with the notebook saved: what the person just typed must count as theirs. */
  async attemptSaved(action: () => Promise<void>): Promise<void> {
    await this.attempt(async () => {
      await this.notebook.save();
      await action();
    });
  }

  /** The person has read `failure`. */
  dismiss(): void {
    if (this._failure !== null) {
      this._failure = null;
      this._changed.emit();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.notebook.changed.disconnect(this.onNotebookChanged, this);
    this._pool.forEach(session => session.dispose());
    Signal.clearData(this);
  }

  private async report(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this._failure = this.sentence(error);
      this._changed.emit();
    }
  }

  private sentence(error: unknown): string {
    if (error instanceof ServerConnection.NetworkError) {
      return this.options.trans.__(
        'The server can not be reached, so nothing was done. Try again once the connection is back.'
      );
    }
    return error instanceof Error ? error.message : String(error);
  }

  private async createSession(path: string): Promise<SessionModel> {
    const { settings, notebook } = this.options;
    const info = await createSession(settings, path, notebook.kernelName);
    this._sessions = [info, ...this._sessions];
    this.openSession(info.session_id);
    return this.session(info.session_id);
  }

  /** The person went to another notebook, or theirs has another name or kernel. */
  private async follow(): Promise<void> {
    const path = this.notebook.path;
    if (this._problem !== null || path === null) {
      this._sessions = [];
      this.show(null);
      return;
    }
    await this.report(async () => {
      const sessions = await listSessions(this.options.settings, path).catch(
        error => {
          // Nobody asked for this, and the header says that the connection is gone.
          if (error instanceof ServerConnection.NetworkError) {
            return null;
          }
          throw error;
        }
      );
      if (sessions === null || path !== this.notebook.path) {
        return;
      }
      this._sessions = sessions;
      const chosen = this._chosen.get(path);
      const shown = chosen === undefined ? await this.latest(sessions) : chosen;
      if (path === this.notebook.path) {
        this.show(shown);
      }
    });
  }

  /**
   * The session to go on with: one that works or has yet to begin, else the newest whose cells stand in the notebook.
   * A new notebook under an old one's name has nothing to do with the old one's.
   */
  private async latest(
    sessions: readonly SessionInfo[]
  ): Promise<string | null> {
    const open = sessions.find(
      ({ run_status }) =>
        run_status === 'running' ||
        run_status === 'paused' ||
        run_status === null
    );
    if (open !== undefined) {
      return open.session_id;
    }
    for (const { session_id } of sessions) {
      if (await this.options.hasCellsOf(session_id)) {
        return session_id;
      }
    }
    return null;
  }

  private show(sessionId: string | null): void {
    const session = sessionId === null ? null : this.session(sessionId);
    if (session !== this._current) {
      this._current?.stateChanged.disconnect(this.onStateChanged, this);
      this._current = session;
      session?.stateChanged.connect(this.onStateChanged, this);
      this._currentChanged.emit(session);
    }
    this._changed.emit();
  }

  private onNotebookChanged(): void {
    void this.follow();
  }

  private onStateChanged(): void {
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _currentChanged = new Signal<this, SessionModel | null>(
    this
  );
  private readonly _deleted = new Signal<this, string>(this);
  private readonly _drafted = new Signal<this, string>(this);
  private readonly _pool = new Map<string, SessionModel>();
  /** What the person chose to see of each notebook; null is a conversation yet to begin. */
  private readonly _chosen = new Map<string, string | null>();
  private _current: SessionModel | null = null;
  private _sessions: readonly SessionInfo[] = [];
  private _models: readonly ModelInfo[] = [];
  private _choice: IChoice = { mode: 'ask', model: '' };
  private _tab: Tab = 'run';
  private _problem: string | null = null;
  private _failure: string | null = null;
  private _isDisposed = false;
}

export namespace InternModel {
  export interface IOptions {
    settings: ServerConnection.ISettings;
    notebook: IPanelNotebook;
    trans: TranslationBundle;
    /** Whether the current notebook says that a session has written into it. */
    hasCellsOf: (sessionId: string) => Promise<boolean>;
  }
}
