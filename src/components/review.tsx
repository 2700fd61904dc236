import * as React from 'react';

import type { FindingAdded } from '../protocol';
import {
  lastRun,
  openFindings,
  type IReviewState,
  type ISessionState
} from '../reducer';
import type { SessionModel } from '../session';
import { severityWords, standingWords, verdictWords } from '../wording';
import { usePanel } from './context';
import { Rerun } from './rerun';

const GLYPHS: Record<FindingAdded['severity'], string> = {
  error: '✗',
  warning: '!',
  note: 'i'
};
const SEVERITIES = ['error', 'warning', 'note'] as const;

/** What the review rules found: the verdict, then the findings, the worst first; a finding leads to its cell. */
export function Review(): JSX.Element {
  const { model, trans } = usePanel();
  const session = model.current;
  const review = session?.state.review ?? null;
  const start = () => void model.attempt(() => model.reviewNotebook());
  if (session === null || review === null || review.finished === null) {
    return (
      <section className="jp-Intern-card" aria-label={trans.__('Review')}>
        <div className="jp-Intern-row">
          {trans.__(
            'Rules look for what makes a notebook hard to trust: leaks, figures that are no estimate, hidden state. Nothing is run.'
          )}
        </div>
        <div className="jp-Intern-actions">
          <button
            className="jp-Intern-button jp-mod-go"
            disabled={model.notebook.path === null}
            onClick={start}
          >
            {trans.__('Review this notebook')}
          </button>
        </div>
      </section>
    );
  }
  const open = openFindings(review);
  return (
    <section className="jp-Intern-card" aria-label={trans.__('Review')}>
      <h3 className="jp-Intern-cardTitle">
        <span className="jp-Intern-wrapped">{verdictWords(open, trans)}</span>
        <span className="jp-Intern-facts">
          {isOld(session.state) && trans.__('before the last run')}
        </span>
        <button
          className="jp-Intern-icon"
          title={trans.__('Review again')}
          aria-label={trans.__('Review again')}
          onClick={start}
        >
          ↻
        </button>
      </h3>
      <Standings review={review} />
      <ul className="jp-Intern-lines">
        {SEVERITIES.flatMap(severity =>
          open
            .filter(finding => finding.severity === severity)
            .map(finding => (
              <Finding key={finding.seq} finding={finding} session={session} />
            ))
        )}
      </ul>
      {open.length === 0 && (
        <div className="jp-Intern-row">
          {trans.__('The review rules found nothing to mend.')}
        </div>
      )}
      <Dismissed review={review} session={session} />
      <Rerun session={session} />
    </section>
  );
}

function isOld(state: ISessionState): boolean {
  const { finished } = state.review;
  const run = lastRun(state);
  return finished !== null && run !== null && finished < run.started;
}

/** How many of the agent's cells are as they were approved. */
function Standings(props: { review: IReviewState }): JSX.Element | null {
  const { trans } = usePanel();
  const words = standingWords(props.review.standings, trans);
  return words ? <div className="jp-Intern-note">{words}</div> : null;
}

function Finding(props: {
  finding: FindingAdded;
  session: SessionModel;
}): JSX.Element {
  const { finding, session } = props;
  const { cell_id, severity, line, message, advice, rule, fix } = finding;
  const { model, trans } = usePanel();
  const [isDismissing, setDismissing] = React.useState(false);
  return (
    <li className={`jp-mod-${severity}`}>
      <button
        className="jp-Intern-row"
        title={rule}
        onClick={() => model.notebook.reveal(cell_id)}
      >
        <span
          className="jp-Intern-glyph"
          role="img"
          aria-label={severityWords(severity, trans)}
        >
          {GLYPHS[severity]}
        </span>
        <span className="jp-Intern-wrapped">{message}</span>
        <span className="jp-Intern-facts">
          {line > 0 ? `${trans.__('line %1', line)} ↗` : '↗'}
        </span>
      </button>
      {advice && <div className="jp-Intern-note">{advice}</div>}
      {isDismissing ? (
        <Reason
          onReason={reason => {
            setDismissing(false);
            if (reason) {
              void model.attempt(() =>
                session.dismissFinding(rule, cell_id, reason)
              );
            }
          }}
        />
      ) : (
        <div className="jp-Intern-note jp-Intern-findingActions">
          {fix && (
            <button
              className="jp-Intern-link"
              title={trans.__(
                'Puts the mended source into the cell, without running it. Undo brings the old one back.'
              )}
              onClick={() => model.notebook.replaceSource(cell_id, fix)}
            >
              {trans.__('Fix')}
            </button>
          )}
          <button
            className="jp-Intern-link"
            onClick={() => setDismissing(true)}
          >
            {trans.__('Dismiss…')}
          </button>
        </div>
      )}
    </li>
  );
}

/** Asks why a finding is put aside; an empty reason leaves it. */
function Reason(props: { onReason: (reason: string) => void }): JSX.Element {
  const { trans } = usePanel();
  const [text, setText] = React.useState('');
  return (
    <form
      className="jp-Intern-note jp-Intern-findingActions"
      onSubmit={event => {
        event.preventDefault();
        props.onReason(text.trim());
      }}
    >
      <input
        className="jp-Intern-input"
        autoFocus
        maxLength={500}
        placeholder={trans.__('Why is this no fault here?')}
        aria-label={trans.__('Reason for dismissing')}
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => event.key === 'Escape' && props.onReason('')}
      />
      <button
        className="jp-Intern-button"
        type="submit"
        disabled={!text.trim()}
      >
        {trans.__('Dismiss')}
      </button>
    </form>
  );
}

function Dismissed(props: {
  review: IReviewState;
  session: SessionModel;
}): JSX.Element | null {
  const { model, trans } = usePanel();
  const put = [...props.review.dismissed.values()];
  return put.length === 0 ? null : (
    <details className="jp-Intern-note">
      <summary>{trans._n('%1 dismissed', '%1 dismissed', put.length)}</summary>
      {put.map(({ rule, cell_id, reason, by }) => (
        <div key={`${rule} ${cell_id}`} className="jp-Intern-findingActions">
          <span className="jp-Intern-wrapped">
            {`${rule}: ${reason} (${by})`}
          </span>
          <button
            className="jp-Intern-link"
            onClick={() =>
              void model.attempt(() =>
                props.session.dismissFinding(rule, cell_id, '')
              )
            }
          >
            {trans.__('Take back')}
          </button>
        </div>
      ))}
    </details>
  );
}
