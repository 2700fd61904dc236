import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';

import type { InternModel, IWish } from './model';
import type { NotebookLink } from './notebook';
import type { Mode } from './protocol';
import { lastRun } from './reducer';
import type { SessionModel } from './session';

/** The comm's target; `ml_intern_jlab/magic.py` names the same. */
const TARGET = 'ml_intern';

const MODES: ReadonlySet<unknown> = new Set<Mode>(['ask', 'auto_safe', 'auto']);

/** What the magic needs of the page. */
export interface IMagicOptions {
  notebook: NotebookLink;
  model: InternModel;
  trans: TranslationBundle;
}

/**
 * Take the tasks that `%ml_intern` hands over in the notebooks of this page, and tell its card how they go.
 *
 * Only a comm that a living kernel opens for a cell that was run on this very page counts. A saved notebook can't send
 * one, neither can a cell that the intern runs, and of two pages one answers.
 */
export function answerMagic(options: IMagicOptions): void {
  const { notebook } = options;
  const listen = (kernel: Kernel.IKernelConnection) => {
    kernel.registerCommTarget(TARGET, (comm, message) => {
      const parent = message.parent_header;
      if ('session' in parent && parent.session === kernel.clientId) {
        void take(options, kernel, comm, message.content.data);
      }
    });
  };
  notebook.kernels.forEach(listen);
  notebook.kernelChanged.connect((_, kernel) => listen(kernel));
}

async function take(
  { notebook, model, trans }: IMagicOptions,
  kernel: Kernel.IKernelConnection,
  comm: Kernel.IComm,
  data: unknown
): Promise<void> {
  const say = (text: string) => {
    if (!comm.isDisposed) {
      comm.send({ text });
    }
  };
  if (!notebook.isCurrent(kernel)) {
    say(
      trans.__(
        'Another notebook was in front. Go to this one and run the cell again.'
      )
    );
    return;
  }
  try {
    const { task, ...wish } = request(data);
    await model.startRun(task, wish);
    say(trans.__('Started.'));
    if (model.current !== null) {
      tellEnd(model.current, say, trans);
    }
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
}

/** Tell the card how the run ended that works now. */
function tellEnd(
  session: SessionModel,
  say: (text: string) => void,
  trans: TranslationBundle
): void {
  const runId = lastRun(session.state)?.runId;
  const words = {
    finished: trans.__('Finished.'),
    failed: trans.__('Failed.'),
    stopped: trans.__('Stopped.')
  };
  const follow = () => {
    const run = session.state.runs.find(each => each.runId === runId);
    if (run === undefined || run.status === 'running') {
      return;
    }
    if (run.status === 'paused') {
      say(run.paused);
      return;
    }
    session.stateChanged.disconnect(follow);
    say([words[run.status], run.reason].join(' ').trim());
  };
  session.stateChanged.connect(follow);
}

/** What the kernel sent, of which nothing is believed. */
function request(data: unknown): IWish & { task: string } {
  const { task, mode, model, max_steps, after } = data as JSONObject;
  return {
    task: typeof task === 'string' ? task : '',
    ...(MODES.has(mode) ? { mode: mode as Mode } : {}),
    ...(typeof model === 'string' ? { model } : {}),
    ...(typeof max_steps === 'number' ? { max_steps } : {}),
    ...(typeof after === 'string' ? { after } : {})
  };
}
