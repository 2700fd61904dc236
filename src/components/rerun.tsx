import * as React from 'react';

import type { RerunCell, RerunFinished } from '../protocol';
import type { SessionModel } from '../session';
import { rerunWords } from '../wording';
import { usePanel } from './context';

const LOOKS: Record<RerunCell['verdict'], { glyph: string; mod: string }> = {
  same: { glyph: '✓', mod: 'passed' },
  tolerance: { glyph: '✓', mod: 'passed' },
  different: { glyph: '!', mod: 'warning' },
  failed: { glyph: '✗', mod: 'failed' },
  not_run: { glyph: '–', mod: 'note' },
  no_record: { glyph: '·', mod: 'note' }
};

/** Runs the notebook again in a copy of its folder, where a person asks for it, and tells what is different. */
export function Rerun(props: { session: SessionModel }): JSX.Element {
  const { session } = props;
  const { model, trans } = usePanel();
  const [isAsking, setAsking] = React.useState(false);
  const { rerun } = session.state;
  const works = rerun !== null && rerun.finished === null;
  return (
    <div
      className="jp-Intern-rerun"
      role="group"
      aria-label={trans.__('Run again')}
    >
      {works && (
        <>
          <progress
            className="jp-Intern-rerunBar"
            aria-label={trans.__('Cells run again')}
            value={Math.min(rerun.done, rerun.total)}
            max={Math.max(rerun.total, 1)}
          />
          <div className="jp-Intern-note jp-Intern-findingActions">
            <span className="jp-Intern-wrapped">
              {rerun.done < rerun.total
                ? trans.__(
                    'Running again: %1 of %2 cells done',
                    rerun.done,
                    rerun.total
                  )
                : trans.__('Running again: %1 cells done', rerun.done)}
            </span>
            <button
              className="jp-Intern-button"
              onClick={() => void model.attempt(() => session.stopRerun())}
            >
              {trans.__('Stop')}
            </button>
          </div>
        </>
      )}
      {rerun?.finished && <Outcome finished={rerun.finished} />}
      {!works &&
        (isAsking ? (
          <Asking
            onAnswer={wish => {
              setAsking(false);
              if (wish) {
                void model.attempt(() => model.rerunNotebook(wish));
              }
            }}
          />
        ) : (
          <div className="jp-Intern-actions">
            <button
              className="jp-Intern-button"
              onClick={() => setAsking(true)}
            >
              {trans.__('Run it again…')}
            </button>
          </div>
        ))}
    </div>
  );
}

interface IWish {
  other_seed: boolean;
  without_leaks: boolean;
}

/** Says what will be run, and asks what else is to be measured. */
function Asking(props: {
  onAnswer: (wish: IWish | null) => void;
}): JSX.Element {
  const { trans } = usePanel();
  const [wish, setWish] = React.useState<IWish>({
    other_seed: false,
    without_leaks: false
  });
  const box = (key: keyof IWish, words: string) => (
    <label>
      <input
        type="checkbox"
        checked={wish[key]}
        onChange={event => setWish({ ...wish, [key]: event.target.checked })}
      />
      {words}
    </label>
  );
  return (
    <div className="jp-Intern-rerunAsking">
      <div className="jp-Intern-note">
        {trans.__(
          'All cells are run once more, with your rights: in a clean kernel and a copy of the folder. The outputs are compared; the notebook stays as it is.'
        )}
      </div>
      {box('other_seed', trans.__('Also with another seed'))}
      {box('without_leaks', trans.__('Also without each leak'))}
      <div className="jp-Intern-actions">
        <button
          className="jp-Intern-button jp-mod-go"
          onClick={() => props.onAnswer(wish)}
        >
          {trans.__('Run')}
        </button>
        <button
          className="jp-Intern-button"
          onClick={() => props.onAnswer(null)}
        >
          {trans.__('Cancel')}
        </button>
      </div>
    </div>
  );
}

function Outcome(props: { finished: RerunFinished }): JSX.Element {
  const { model, trans } = usePanel();
  const { told, cells, stopped, reason } = props.finished;
  if (reason) {
    return <div className="jp-Intern-note">{reason}</div>;
  }
  const words = stopped ? [trans.__('Stopped.')] : told;
  return (
    <>
      {words.map((line, index) => (
        <div key={index} className="jp-Intern-row">
          <span className="jp-Intern-wrapped">{line}</span>
        </div>
      ))}
      <ul className="jp-Intern-lines">
        {cells.map(({ cell, cell_id, verdict, detail, diff }) => (
          <li key={cell_id} className={`jp-mod-${LOOKS[verdict].mod}`}>
            <button
              className="jp-Intern-row"
              onClick={() => model.notebook.reveal(cell_id)}
            >
              <span className="jp-Intern-glyph" aria-hidden="true">
                {LOOKS[verdict].glyph}
              </span>
              <span className="jp-Intern-wrapped">
                {trans.__('Cell %1: %2', cell, rerunWords(verdict, trans))}
              </span>
              <span className="jp-Intern-facts">↗</span>
            </button>
            {detail && <div className="jp-Intern-note">{detail}</div>}
            {diff && (
              <details className="jp-Intern-note">
                <summary>{trans.__('Difference')}</summary>
                <pre className="jp-Intern-diff">{diff}</pre>
              </details>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
