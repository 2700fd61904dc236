import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification, type ICommandPalette } from '@jupyterlab/apputils';
import type { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import type { ILauncher } from '@jupyterlab/launcher';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Panel } from '@lumino/widgets';

import { addChangesCommand } from './changes';
import { addCommands } from './commands';
import { answerMagic } from './magic';
import { InternModel } from './model';
import { NotebookLink } from './notebook';
import type { INotebookTracker } from './notebookTracker';
import type { CellExecutor } from './ownCells';
import { InternPanel } from './panel';
import type { Mode } from './protocol';
import { openFindings } from './reducer';
import { CommandIDs, PLUGIN_ID } from './tokens';

/** What JupyterLab gives us, and the place where the panel goes. */
export interface IStartOptions {
  app: JupyterFrontEnd;
  registry: ISettingRegistry;
  tracker: INotebookTracker;
  rendermime: IRenderMimeRegistry;
  languages: IEditorLanguageRegistry;
  palette: ICommandPalette | null;
  launcher: ILauncher | null;
  trans: TranslationBundle;
  place: Panel;
  executor: CellExecutor;
}

/** Make the parts, and connect them with each other and with JupyterLab. */
export async function start(options: IStartOptions): Promise<void> {
  const { app, tracker, rendermime, languages, trans, place } = options;
  const { commands, serviceManager } = app;
  const notebook = new NotebookLink({
    tracker,
    commands,
    serviceManager,
    trans
  });
  const model = new InternModel({
    settings: serviceManager.serverSettings,
    notebook,
    trans,
    hasCellsOf: sessionId => hasCellsOf(tracker, sessionId)
  });
  attachSessions(model, notebook);
  answerMagic({ notebook, model, trans });
  place.addWidget(
    new InternPanel({ model, commands, languages, rendermime, trans })
  );
  addCommands(app, model, trans);
  addChangesCommand(app, model, trans);
  addEntries(options);
  await followSettings(options, model, notebook);
}

async function hasCellsOf(
  tracker: INotebookTracker,
  sessionId: string
): Promise<boolean> {
  const context = tracker.currentWidget?.context;
  await context?.ready;
  const facts: unknown = context?.model.getMetadata('ml_intern');
  const { sessions } = (facts ?? {}) as { sessions?: unknown };
  return (
    typeof sessions === 'object' && sessions !== null && sessionId in sessions
  );
}

/** The notebook follows the session that the panel shows, and every other one that works on it. */
function attachSessions(model: InternModel, notebook: NotebookLink): void {
  model.changed.connect(() => {
    const running = model.sessions.filter(
      session => session.run_status === 'running'
    );
    running.forEach(session => notebook.attach(session.session_id));
    if (model.current !== null) {
      notebook.attach(model.current.sessionId);
    }
  });
  model.deleted.connect((_, sessionId) => notebook.detach(sessionId));
  let shown: unknown = null;
  model.changed.connect(() => {
    const review = model.current?.state.review ?? null;
    if (review !== shown) {
      shown = review;
      notebook.showFindings(review ? openFindings(review) : []);
    }
  });
}

/** Where the person finds the panel beside its icon; the menus' entries stand in the settings' schema. */
function addEntries({ palette, launcher, trans }: IStartOptions): void {
  const category = trans.__('ML Intern');
  Object.values(CommandIDs)
    // JupyterLab's own are there already, and that one needs to know which session.
    .filter(
      command =>
        command.startsWith('ml-intern:') && command !== CommandIDs.openSession
    )
    .forEach(command => palette?.addItem({ command, category }));
  launcher?.add({ command: CommandIDs.open });
}

/** Take over the person's settings, now and whenever they change, and tell of a missing server half. */
async function followSettings(
  { registry, executor }: IStartOptions,
  model: InternModel,
  notebook: NotebookLink
): Promise<void> {
  const settings = await registry.load(PLUGIN_ID);
  const apply = () => {
    model.choose({
      mode: settings.get('mode').composite as Mode,
      model: settings.get('model').composite as string
    });
    executor.writerOf = settings.get('ownCells').composite
      ? content => notebook.writerOf(content)
      : null;
  };
  apply();
  settings.changed.connect(apply);
  await model.refresh();
  if (model.problem !== null && settings.get('checkServer').composite) {
    Notification.error(model.problem, { autoClose: false });
  }
}
