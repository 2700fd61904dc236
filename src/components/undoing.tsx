import * as React from 'react';

import type { IRunState } from '../reducer';
import type { SessionModel } from '../session';
import { CommandIDs } from '../tokens';
import { isUndoable, standingCells } from '../undone';
import { usePanel } from './context';
import { HighlightedCode } from './rendered';

interface IRunProps {
  run: IRunState;
  session: SessionModel;
}

/** A run that has ended can be taken out of the notebook, wholly or its last cell, and brought back. */
export function Undoing(props: IRunProps): JSX.Element | null {
  const { run, session } = props;
  const { commands, model, trans } = usePanel();
  if (run.status === 'running' || run.status === 'paused') {
    return null;
  }
  const last = standingCells(run).pop()?.proposal.cell_id;
  const { runId: run_id } = run;
  return (
    <>
      <div className="jp-Intern-row jp-Intern-undo">
        {isUndoable(run) && (
          <Link
            label={trans.__('Undo this run')}
            onClick={() =>
              void model.attemptSaved(() => session.undoRun(run_id))
            }
          />
        )}
        {isUndoable(run) && last && (
          <Link
            label={trans.__('Undo its last cell')}
            onClick={() =>
              void model.attemptSaved(() => session.undoRun(run_id, [last]))
            }
          />
        )}
        <Link
          label={trans.__('Show what it changed')}
          onClick={() =>
            void commands.execute(CommandIDs.showChanges, { run_id })
          }
        />
      </div>
      {run.undone.gone.size + run.undone.kept.length > 0 && (
        <Undone run={run} session={session} />
      )}
    </>
  );
}

/** What was taken out, what stayed, and what can be done about either. */
function Undone(props: IRunProps): JSX.Element {
  const { run, session } = props;
  const { model, trans } = usePanel();
  const { gone, kept } = run.undone;
  return (
    <section
      className="jp-Intern-card"
      aria-label={trans.__('Undone')}
      aria-live="polite"
    >
      {gone.size > 0 && (
        <h3 className="jp-Intern-cardTitle">
          <span className="jp-Intern-wrapped">
            {standingCells(run).length > 0
              ? trans.__('Some cells of this run were taken out')
              : trans.__('The cells of this run were taken out')}
          </span>
          <button
            className="jp-Intern-button"
            onClick={() =>
              void model.attemptSaved(() => session.redoRun(run.runId))
            }
          >
            {trans.__('Bring them back')}
          </button>
        </h3>
      )}
      {kept.map(cellId => (
        <KeptCell
          key={cellId}
          cellId={cellId}
          given={givenText(run, cellId)}
          onRemove={() =>
            void model.attemptSaved(() =>
              session.undoRun(run.runId, [cellId], [cellId])
            )
          }
        />
      ))}
      {gone.size > 0 && <Remains run={run} />}
    </section>
  );
}

/** A cell that the agent wrote and the person changed: both texts, and the question what to do. */
function KeptCell(props: {
  cellId: string;
  given: IGiven | null;
  onRemove: () => void;
}): JSX.Element {
  const { cellId, given, onRemove } = props;
  const { model, trans } = usePanel();
  const own = model.notebook.source(cellId);
  return (
    <div className="jp-Intern-kept">
      <p className="jp-Intern-row">
        {trans.__(
          'This cell stayed because you changed it. Remove it too, or leave it.'
        )}
      </p>
      {own !== null && (
        <Version
          title={trans.__('Yours')}
          source={own}
          language={given?.language ?? 'python'}
        />
      )}
      {given && <Version title={trans.__("The intern's")} {...given} />}
      <div className="jp-Intern-actions">
        <button
          className="jp-Intern-button"
          onClick={() => model.notebook.reveal(cellId)}
        >
          {trans.__('Show it')}
        </button>
        <button className="jp-Intern-button jp-mod-warn" onClick={onRemove}>
          {trans.__('Remove it too')}
        </button>
      </div>
    </div>
  );
}

/** A text of the agent's. */
interface IGiven {
  readonly source: string;
  readonly language: 'python' | 'markdown';
}

/** What the agent wrote into a cell, or into the note before one; null where the panel doesn't know it. */
function givenText(run: IRunState, cellId: string): IGiven | null {
  const cell = run.cells.get(cellId);
  if (cell) {
    return { source: cell.source, language: 'python' };
  }
  const notes = [...run.cells.values()].map(({ proposal }) => proposal.note);
  const note = notes.find(each => each?.cell_id === cellId);
  return note ? { source: note.source, language: 'markdown' } : null;
}

function Version(props: IGiven & { title: string }): JSX.Element {
  const { title, source, language } = props;
  return (
    <figure className="jp-Intern-version">
      <figcaption className="jp-Intern-dim">{title}</figcaption>
      <div className="jp-Intern-codeBox">
        <HighlightedCode source={source} language={language} />
      </div>
    </figure>
  );
}

/** What taking cells out can't take back, and how to get a kernel without it. */
function Remains(props: { run: IRunState }): JSX.Element {
  const { run } = props;
  const { commands, model, trans } = usePanel();
  const { gone, place } = run.undone;
  const effects = [...run.cells.values()]
    .filter(
      ({ proposal, finished, status }) =>
        finished !== null &&
        (status === 'superseded' || gone.has(proposal.cell_id))
    )
    .flatMap(({ proposal }) =>
      proposal.reasons.map(reason => ({ title: proposal.title, ...reason }))
    );
  const isTop = place === '';
  return (
    <>
      <p className="jp-Intern-row">
        {effects.length > 0
          ? trans.__(
              "What they did stays: the kernel's variables, and what left the kernel:"
            )
          : trans.__("What they did stays: the kernel's variables.")}
      </p>
      {effects.length > 0 && (
        <ul className="jp-Intern-effects">
          {effects.map((effect, index) => (
            <li key={index}>
              {trans.__('%1: line %2', effect.title, effect.line)} {effect.text}
            </li>
          ))}
        </ul>
      )}
      <div className="jp-Intern-actions">
        <button
          className="jp-Intern-button"
          onClick={() => {
            model.notebook.reveal(place);
            void commands.execute(
              isTop
                ? CommandIDs.restartKernel
                : CommandIDs.restartAndRunToSelected
            );
          }}
        >
          {isTop
            ? trans.__('Restart the kernel')
            : trans.__('Restart and run up to here')}
        </button>
      </div>
    </>
  );
}

function Link(props: { label: string; onClick: () => void }): JSX.Element {
  return (
    <button className="jp-Intern-link" onClick={props.onClick}>
      {props.label}
    </button>
  );
}
