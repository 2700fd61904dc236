import * as React from 'react';

import type { CellProposed, RiskClass } from '../protocol';
import type { SessionModel } from '../session';
import { riskWords } from '../wording';
import { usePanel } from './context';

/** Lets cells like the proposed one run in this notebook without a question, where the server says that it can. */
export function AllowHere(props: {
  proposal: CellProposed;
  session: SessionModel;
  onAllow: (action: () => Promise<void>) => void;
}): JSX.Element | null {
  const { proposal, session, onAllow } = props;
  const { trans } = usePanel();
  const classes = proposal.may_allow;
  if (classes.length === 0) {
    return null;
  }
  const words = classes.map(risk => riskWords(risk, trans)).join(', ');
  return (
    <p className="jp-Intern-allow">
      <button
        className="jp-Intern-link"
        title={trans.__(
          'This cell runs, and so does every later cell in this notebook that does no more than that. You can take it back below.'
        )}
        onClick={() => onAllow(() => session.allowClasses(classes, true))}
      >
        {trans.__('Always allow this here: %1', words)}
      </button>
    </p>
  );
}

/** What runs in this notebook without a question, each with a button that takes it back. */
export function Allowances(props: {
  session: SessionModel;
}): JSX.Element | null {
  const { session } = props;
  const { model, trans } = usePanel();
  const { allowed } = session.state;
  if (allowed.length === 0) {
    return null;
  }
  const revoke = (risk: RiskClass) =>
    void model.attempt(() => session.allowClasses([risk], false));
  return (
    <div
      className="jp-Intern-hint jp-Intern-allowed"
      role="group"
      aria-label={trans.__('Allowed in this notebook')}
      title={trans.__(
        'Such cells run without a question, except in Ask mode and right after output that a stranger may have written.'
      )}
    >
      <span>{trans.__('Always allowed here:')}</span>
      {allowed.map(risk => {
        const words = riskWords(risk, trans);
        return (
          <span key={risk} className="jp-Intern-pill">
            {words}
            <button
              className="jp-Intern-icon jp-Intern-revoke"
              title={trans.__('Ask again')}
              aria-label={trans.__('Ask again: %1', words)}
              onClick={() => revoke(risk)}
            >
              ×
            </button>
          </span>
        );
      })}
    </div>
  );
}
