import * as React from 'react';

import type { FindingAdded } from '../protocol';
import { lastRun } from '../reducer';
import type { SessionModel } from '../session';
import { severityWords } from '../wording';
import { usePanel } from './context';

const GLYPHS: Record<FindingAdded['severity'], string> = {
  error: '✗',
  warning: '!',
  note: 'i'
};

/** What the review rules found, once no run works; a finding leads to its cell. */
export function Review(props: { session: SessionModel }): JSX.Element | null {
  const { session } = props;
  const { model, trans } = usePanel();
  const { review, runs } = session.state;
  const run = lastRun(session.state);
  if (run?.status === 'running' || (!runs.length && !review.finished)) {
    return null;
  }
  const start = () => void model.attempt(() => session.reviewNotebook());
  const { findings, finished } = review;
  if (findings.length === 0 && finished === null) {
    return (
      <button className="jp-Intern-link" onClick={start}>
        {trans.__('Review this notebook')}
      </button>
    );
  }
  const isOld = finished !== null && run !== null && finished < run.started;
  return (
    <section className="jp-Intern-card" aria-label={trans.__('Review')}>
      <h3 className="jp-Intern-cardTitle">
        {trans.__('Review')}
        <span className="jp-Intern-facts">
          {isOld && `${trans.__('before the last run')} · `}
          {trans._n('%1 finding', '%1 findings', findings.length)}
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
      <ul className="jp-Intern-lines">
        {findings.map(finding => (
          <Finding key={finding.seq} finding={finding} />
        ))}
      </ul>
      {findings.length === 0 && (
        <div className="jp-Intern-row">
          {trans.__('The review rules found nothing to mend.')}
        </div>
      )}
    </section>
  );
}

function Finding(props: { finding: FindingAdded }): JSX.Element {
  const { cell_id, severity, line, message, advice, rule } = props.finding;
  const { model, trans } = usePanel();
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
    </li>
  );
}
