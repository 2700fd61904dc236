import * as React from 'react';

import type { IRunState } from '../reducer';
import type { SessionModel } from '../session';
import { usePanel } from './context';

/** A run that lost its kernel or its server: go on, or end it. */
export function InterruptionCard(props: {
  run: IRunState;
  session: SessionModel;
}): JSX.Element {
  const { run, session } = props;
  const { model, trans } = usePanel();
  const [asked, setAsked] = React.useState(false);
  const ask = async (action: () => Promise<void>) => {
    setAsked(true);
    await model.attempt(action);
    setAsked(false);
  };
  const ran = [...run.cells.values()].filter(
    cell => cell.finished?.status === 'done' && cell.status !== 'superseded'
  ).length;
  return (
    <section className="jp-Intern-card jp-Intern-proposal" role="alert">
      <h3 className="jp-Intern-cardTitle">
        <span>{trans.__('This run was interrupted')}</span>
      </h3>
      <p className="jp-Intern-row">{run.paused}</p>
      {ran > 0 && (
        <p className="jp-Intern-row jp-Intern-dim">
          {trans._n(
            'In a fresh kernel %1 approved cell runs again first; your own cells do not.',
            'In a fresh kernel %1 approved cells run again first; your own cells do not.',
            ran
          )}
        </p>
      )}
      <div className="jp-Intern-actions">
        <button
          className="jp-Intern-button jp-mod-go"
          disabled={asked}
          onClick={() => void ask(() => session.resumeRun())}
        >
          {trans.__('Resume')}
        </button>
        <button
          className="jp-Intern-button"
          disabled={asked}
          onClick={() => void ask(() => session.stopRun())}
        >
          {trans.__('End the run')}
        </button>
      </div>
    </section>
  );
}
