import { InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Mode } from '../protocol';
import { lastRun, type IRunState } from '../reducer';
import { modeHelp, modeWords } from '../wording';
import { usePanel } from './context';
import { Elapsed } from './elapsed';
import { Usage } from './usage';

const MODES: readonly Mode[] = ['ask', 'auto_safe', 'auto'];

/** The panel's foot: what the person says, how much runs without asking, which model. */
export function Composer(props: { disabled: boolean }): JSX.Element {
  const { model, trans } = usePanel();
  const session = model.current;
  const run = session && lastRun(session.state);
  const paused = run?.status === 'paused';
  const running = run?.status === 'running' || paused;
  const [text, setText] = React.useState('');
  const [sending, setSending] = React.useState(false);
  const box = React.useRef<HTMLTextAreaElement>(null);

  React.useEffect(() => {
    const onDrafted = (_: unknown, draft: string) => {
      setText(draft);
      box.current?.focus();
    };
    model.drafted.connect(onDrafted);
    return () => {
      model.drafted.disconnect(onDrafted);
    };
  }, [model]);

  const send = async () => {
    const trimmed = text.trim();
    if (trimmed === '' || sending || props.disabled) {
      return;
    }
    setSending(true);
    await model.attempt(async () => {
      await (running && session
        ? session.sendMessage(trimmed)
        : model.startRun(trimmed));
      setText('');
    });
    setSending(false);
  };

  return (
    <footer className="jp-Intern-foot">
      <textarea
        ref={box}
        className="jp-Intern-box"
        rows={2}
        disabled={props.disabled}
        aria-label={running ? trans.__('Message') : trans.__('Task')}
        placeholder={
          running
            ? trans.__(
                'Tell the intern something; it reads it at its next step'
              )
            : trans.__('Tell the intern what to do with which data')
        }
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (
            event.key === 'Enter' &&
            !event.shiftKey &&
            !event.nativeEvent.isComposing
          ) {
            event.preventDefault();
            void send();
          }
        }}
      />
      <div className="jp-Intern-controls">
        <ModeSwitch mode={running ? run.mode : model.choice.mode} />
        <ModelPill run={running ? run : null} />
        <span className="jp-Intern-group jp-Intern-push">
          {running && !paused && session && (
            <button
              className="jp-Intern-button"
              onClick={() => void model.attempt(() => session.stopRun())}
            >
              {trans.__('Stop')}
            </button>
          )}
          <button
            className="jp-Intern-button jp-mod-go"
            disabled={props.disabled || sending || text.trim() === ''}
            onClick={() => void send()}
          >
            {trans.__('Send')}
          </button>
        </span>
      </div>
      <StatusLine run={run} />
    </footer>
  );
}

function ModeSwitch(props: { mode: Mode }): JSX.Element {
  const { model, trans } = usePanel();
  return (
    <div
      className="jp-Intern-modes"
      role="radiogroup"
      aria-label={trans.__('How much runs without asking')}
    >
      {MODES.map(mode => (
        <label key={mode} title={modeHelp(mode, trans)}>
          <input
            type="radio"
            name="ml-intern-mode"
            checked={mode === props.mode}
            onChange={() => void model.attempt(() => model.setMode(mode))}
          />
          <span>{modeWords(mode, trans)}</span>
        </label>
      ))}
    </div>
  );
}

const OTHER = '…';

/** The model: of the run that works, which can be changed from its next step on, else of runs to come. */
function ModelPill(props: { run: IRunState | null }): JSX.Element {
  const { run } = props;
  const { model, trans } = usePanel();
  const { models, choice } = model;
  const chosen = choice.model || (models[0]?.model ?? '');
  // A run tells its model's full name, perhaps with where it was found.
  const own =
    run &&
    models.find(
      each => run.model === each.model || run.model.startsWith(`${each.model} `)
    );
  const shown = run ? (own?.model ?? run.model) : chosen;
  const known = models.some(each => each.model === shown);
  const choose = async (value: string) => {
    const named = value === OTHER ? await askForModel(shown, trans) : value;
    if (named) {
      await model.attempt(() => model.setModel(named));
    }
  };
  return (
    <select
      className="jp-Intern-model"
      aria-label={trans.__('Model')}
      title={models.find(each => each.model === shown)?.label ?? shown}
      value={shown}
      onChange={event => void choose(event.target.value)}
    >
      {models.map(each => (
        <option
          key={each.model}
          value={each.model}
          disabled={!each.available}
          title={each.detail}
        >
          {each.available
            ? shortName(each.model)
            : trans.__('%1 (not available: %2)', each.label, each.detail)}
        </option>
      ))}
      {!known && <option value={shown}>{shortName(shown)}</option>}
      <option value={OTHER}>{trans.__('Another…')}</option>
    </select>
  );
}

async function askForModel(
  shown: string,
  trans: TranslationBundle
): Promise<string> {
  const { value } = await InputDialog.getText({
    title: trans.__('Which model?'),
    label: trans.__(
      'For example openai:NAME, for a server that speaks its protocol'
    ),
    text: shown
  });
  return value?.trim() ?? '';
}

function StatusLine(props: { run: IRunState | null }): JSX.Element {
  const { run } = props;
  const { model, trans } = usePanel();
  const session = model.current;
  const { models, choice } = model;
  const chosen = models.find(each => each.model === choice.model) ?? models[0];
  // A choice that the list doesn't know was typed, and is a language model.
  const recipes =
    run?.status === 'running' || run?.status === 'paused'
      ? run.model.startsWith('recipes')
      : chosen?.language_model === false &&
        (choice.model === '' || choice.model === chosen.model);
  return (
    <div className="jp-Intern-status">
      <span>
        {run && session && (
          <>
            {trans._n('%1 cell', '%1 cells', run.cells.size)} ·{' '}
            <Elapsed run={run} session={session} />
          </>
        )}
      </span>
      {recipes ? (
        <span>
          {trans.__('no language model · nothing leaves this machine')}
        </span>
      ) : (
        run && <Usage run={run} />
      )}
    </div>
  );
}

/** A model's name without its folder: `openai:org/name` is shown as `name`. */
function shortName(name: string): string {
  // The address of its server says nothing about a model.
  const own = name.split(' (')[0].split(/@https?:/)[0];
  return own.split(/[/:]/).pop() ?? name;
}
