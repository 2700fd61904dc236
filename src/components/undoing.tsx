import * as React from 'react';

import type { ICellState, IRunState } from '../reducer';
import type { SessionModel } from '../session';
import { CommandIDs } from '../tokens';
import { usePanel } from './context';

/** A run that has ended can be taken out of the notebook, wholly or its last cell, and brought back. */
export function Undoing(props: {
  run: IRunState;
  session: SessionModel;
}): JSX.Element | null {
  const { run, session } = props;
  const { model, trans } = usePanel();
  if (run.status === 'running' || run.status === 'paused') {
    return null;
  }
  const attempt = (action: () => Promise<void>) =>
    void model.attempt(async () => {
      // What the person just typed must count as theirs.
      await model.notebook.save();
      await action();
    });
  const last = lastStanding(run);
  if (!run.undone) {
    return (
      <div className="jp-Intern-row">
        <Link
          label={trans.__('Undo this run')}
          onClick={() => attempt(() => session.undoRun(run.runId))}
        />
        {last && (
          <Link
            label={trans.__('Undo its last cell')}
            onClick={() =>
              attempt(() => session.undoRun(run.runId, [last.proposal.cell_id]))
            }
          />
        )}
      </div>
    );
  }
  return (
    <div className="jp-Intern-notice jp-mod-quiet" role="status">
      <div>
        <p>{trans.__('Cells of this run were taken out of the notebook.')}</p>
        {run.kept.map(cellId => (
          <KeptCell
            key={cellId}
            cell={run.cells.get(cellId) ?? null}
            cellId={cellId}
            onRemove={() =>
              attempt(() => session.undoRun(run.runId, [cellId], [cellId]))
            }
          />
        ))}
        <Remains run={run} />
        <Link
          label={trans.__('Bring them back')}
          onClick={() => attempt(() => session.redoRun(run.runId))}
        />
      </div>
    </div>
  );
}

/** A cell that the agent wrote and the person changed: both texts, and what to do. */
function KeptCell(props: {
  cell: ICellState | null;
  cellId: string;
  onRemove: () => void;
}): JSX.Element {
  const { cell, cellId, onRemove } = props;
  const { model, trans } = usePanel();
  return (
    <div>
      <p>{trans.__('A cell stayed because you changed it.')}</p>
      {cell && (
        <details>
          <summary>{trans.__("The intern's text")}</summary>
          <pre className="jp-Intern-codeBox">{cell.source}</pre>
        </details>
      )}
      <Link
        label={trans.__('Show mine')}
        onClick={() => model.notebook.reveal(cellId)}
      />
      <Link label={trans.__('Remove it too')} onClick={onRemove} />
    </div>
  );
}

/** What taking cells out can't take back, and how to get a kernel without it. */
function Remains(props: { run: IRunState }): JSX.Element {
  const { run } = props;
  const { commands, trans } = usePanel();
  const ran = [...run.cells.values()].filter(
    cell => cell.finished !== null && cell.status !== 'rejected'
  );
  const effects = ran.flatMap(({ proposal }) =>
    proposal.reasons.map(reason => ({ title: proposal.title, ...reason }))
  );
  return (
    <>
      <p>
        {trans.__('What the cells did stays: the variables in the kernel')}
        {effects.length > 0 && trans.__(', and what left it:')}
      </p>
      {effects.length > 0 && (
        <ul>
          {effects.map((effect, index) => (
            <li key={index}>
              {trans.__('%1: line %2', effect.title, effect.line)} {effect.text}
            </li>
          ))}
        </ul>
      )}
      <Link
        label={trans.__('Restart the kernel and run up to here')}
        onClick={() =>
          void commands.execute(CommandIDs.restartAndRunToSelected)
        }
      />
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

/** The last cell of the run that ran or waits in the notebook. */
function lastStanding(run: IRunState): ICellState | null {
  const standing = [...run.cells.values()].filter(
    ({ status }) => status !== 'rejected' && status !== 'superseded'
  );
  return standing[standing.length - 1] ?? null;
}
