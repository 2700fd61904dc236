import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { inspectorIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { internIcon } from './icon';
import type { InternModel } from './model';
import { lastRun, type IRunState } from './reducer';
import type { SessionModel } from './session';
import { CommandIDs, PANEL_ID } from './tokens';
import { isUndoable } from './undone';

const NO_ARGUMENTS = { type: 'object', properties: {} } as const;

/** Add the commands that the palette, the menus and the panel share. */
export function addCommands(
  app: JupyterFrontEnd,
  model: InternModel,
  trans: TranslationBundle
): void {
  const { commands, shell } = app;
  const run = () => model.current && lastRun(model.current.state);
  const working = () => run()?.status === 'running';

  commands.addCommand(CommandIDs.open, {
    label: trans.__('ML Intern'),
    caption: trans.__('Open the panel of the ML intern'),
    icon: internIcon,
    describedBy: { args: NO_ARGUMENTS },
    execute: () => {
      shell.activateById(PANEL_ID);
    }
  });
  commands.addCommand(CommandIDs.newSession, {
    label: trans.__('New ML intern session'),
    describedBy: { args: NO_ARGUMENTS },
    isEnabled: () => model.current !== null,
    execute: () => {
      model.newSession();
      shell.activateById(PANEL_ID);
    }
  });
  addOpenSession(app, model, trans);
  commands.addCommand(CommandIDs.stopRun, {
    label: trans.__('Stop the ML intern'),
    describedBy: { args: NO_ARGUMENTS },
    isEnabled: working,
    execute: () => withCurrent(model, session => session.stopRun())
  });
  commands.addCommand(CommandIDs.review, {
    label: trans.__('Review this notebook'),
    caption: trans.__(
      'Let rules look for what makes this notebook hard to trust. Nothing is run.'
    ),
    icon: inspectorIcon,
    describedBy: { args: NO_ARGUMENTS },
    isEnabled: () => model.notebook.path !== null,
    execute: async () => {
      shell.activateById(PANEL_ID);
      await model.attempt(() => model.reviewNotebook());
    }
  });
  commands.addCommand(CommandIDs.undoRun, {
    label: trans.__('Undo the last run'),
    caption: trans.__(
      "Take the last run's cells out of the notebook, except those that you changed"
    ),
    describedBy: { args: NO_ARGUMENTS },
    isEnabled: () => undoable(run()) !== null,
    execute: async () => {
      const session = model.current;
      const last = undoable(run());
      if (session !== null && last !== null) {
        await model.attemptSaved(() => session.undoRun(last.runId));
      }
    }
  });
  commands.addCommand(CommandIDs.deleteSession, {
    label: trans.__('Delete this session…'),
    describedBy: { args: NO_ARGUMENTS },
    isEnabled: () => model.current !== null,
    execute: async () => {
      if (await confirmDeletion(trans)) {
        await model.attempt(() => model.deleteSession());
      }
    }
  });
}

function addOpenSession(
  { commands }: JupyterFrontEnd,
  model: InternModel,
  trans: TranslationBundle
): void {
  const idIn = (args: ReadonlyPartialJSONObject) =>
    typeof args.session_id === 'string' ? args.session_id : '';
  commands.addCommand(CommandIDs.openSession, {
    label: args => {
      const info = model.sessions.find(each => each.session_id === idIn(args));
      const task = info?.task.split('\n')[0] ?? '';
      const short = task.length > 40 ? `${task.slice(0, 40)} …` : task;
      return short || trans.__('Session without a task');
    },
    describedBy: {
      args: {
        type: 'object',
        properties: {
          session_id: {
            type: 'string',
            description: trans.__("The id of one of the notebook's sessions.")
          }
        },
        required: ['session_id']
      }
    },
    isToggled: args => model.current?.sessionId === idIn(args),
    execute: args => model.openSession(idIn(args))
  });
}

function withCurrent(
  model: InternModel,
  action: (session: SessionModel) => Promise<void>
): Promise<void> {
  const session = model.current;
  return session ? model.attempt(() => action(session)) : Promise.resolve();
}

function undoable(run: IRunState | null): IRunState | null {
  return run && isUndoable(run) ? run : null;
}

async function confirmDeletion(trans: TranslationBundle): Promise<boolean> {
  const answer = await showDialog({
    title: trans.__('Delete this session?'),
    body: trans.__(
      'Its run is stopped and its conversation forgotten. The cells in the notebook stay.'
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Delete') })
    ]
  });
  return answer.button.accept;
}
