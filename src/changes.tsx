import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { internIcon } from './icon';
import type { InternModel } from './model';
import type { CellChange, RunChanges } from './protocol';
import { assertNever, lastRun } from './reducer';
import { requestChanges } from './request';
import { CommandIDs } from './tokens';

/** Add the command that shows what a run changed: the one it is told, else the session's last. */
export function addChangesCommand(
  { commands, shell, serviceManager }: JupyterFrontEnd,
  model: InternModel,
  trans: TranslationBundle
): void {
  const last = () => model.current && lastRun(model.current.state);
  commands.addCommand(CommandIDs.showChanges, {
    label: trans.__('Show what this run changed'),
    caption: trans.__(
      'Show the notebook beside itself without the cells of the run'
    ),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          run_id: {
            type: 'string',
            description: trans.__(
              'The id of a run of the current session; by default its last one.'
            )
          }
        }
      }
    },
    isEnabled: () => last() !== null,
    execute: async args => {
      const session = model.current;
      const runId =
        typeof args.run_id === 'string' ? args.run_id : last()?.runId;
      if (session === null || runId === undefined) {
        return;
      }
      await model.attemptSaved(async () => {
        const changes = await requestChanges(
          serviceManager.serverSettings,
          session.sessionId,
          runId
        );
        const content = new ChangesView(changes, model, trans);
        const view = new MainAreaWidget({ content });
        view.title.label = trans.__('Changes in %1', content.name);
        view.title.icon = internIcon;
        view.title.closable = true;
        shell.add(view, 'main', { mode: 'split-right' });
        shell.activateById(view.id);
      });
    }
  });
}

/** A notebook's cells, those that a run added, a person has changed since, or that have left again marked as such. */
class ChangesView extends ReactWidget {
  constructor(
    private readonly changes: RunChanges,
    private readonly model: InternModel,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.id = `ml-intern-changes-${changes.run_id}-${Date.now()}`;
    this.addClass('jp-InternChanges');
    this.node.setAttribute('role', 'document');
  }

  get name(): string {
    return PathExt.basename(this.changes.path);
  }

  protected override render(): JSX.Element {
    const { cells, path } = this.changes;
    const { trans } = this;
    const own = cells.filter(({ kind }) => kind !== 'other');
    return (
      <>
        <h2>{trans.__('What the run changed in %1', path)}</h2>
        <p>
          {own.length > 0
            ? trans._n(
                '%1 cell of %2',
                '%1 cells of %2',
                own.length,
                cells.length
              )
            : trans.__('Nothing of the run stands in the notebook.')}
        </p>
        <ol>
          {cells.map((change, index) => (
            <Change
              key={`${change.cell_id} ${index}`}
              change={change}
              trans={trans}
              onShow={() => this.model.notebook.reveal(change.cell_id)}
            />
          ))}
        </ol>
      </>
    );
  }
}

function Change(props: {
  change: CellChange;
  trans: TranslationBundle;
  onShow: () => void;
}): JSX.Element {
  const { change, trans, onShow } = props;
  if (change.kind === 'other') {
    // A line of it is enough to know the place.
    return (
      <li className="jp-mod-other">
        <pre>{change.lines[0]?.slice(1) ?? ''}</pre>
      </li>
    );
  }
  return (
    <li
      className={`jp-mod-${change.kind}`}
      aria-label={kindWords(change, trans)}
    >
      <header>
        <span>{kindWords(change, trans)}</span>
        {change.kind !== 'removed' && (
          <button className="jp-InternChanges-show" onClick={onShow}>
            {trans.__('Show it in the notebook')}
          </button>
        )}
      </header>
      <pre>
        {change.lines.map((line, index) => (
          <Line key={index} line={line} />
        ))}
      </pre>
      {change.outputs && (
        <pre className="jp-InternChanges-outputs">{change.outputs}</pre>
      )}
    </li>
  );
}

function Line(props: { line: string }): JSX.Element {
  const { line } = props;
  const text = `${line}\n`;
  switch (line[0]) {
    case '+':
      return <ins>{text}</ins>;
    case '-':
      return <del>{text}</del>;
    default:
      return <span>{text}</span>;
  }
}

function kindWords(change: CellChange, trans: TranslationBundle): string {
  const isCode = change.cell_type === 'code';
  switch (change.kind) {
    case 'added':
      return isCode ? trans.__('Code added') : trans.__('Text added');
    case 'edited':
      return isCode
        ? trans.__('Code added, changed by you since')
        : trans.__('Text added, changed by you since');
    case 'removed':
      return isCode
        ? trans.__('Code added, taken out since')
        : trans.__('Text added, taken out since');
    case 'other':
      return '';
    default:
      return assertNever(change.kind);
  }
}
