import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Deliverable } from '../protocol';
import type { IRunState } from '../reducer';
import type { SessionModel } from '../session';
import { usePanel } from './context';

const GLYPHS: Record<Deliverable['status'], string> = {
  open: '○',
  passed: '✓',
  failed: '✗',
  waived: '–'
};

/** What the task demands, and what the checks in the kernel found. */
export function Deliverables(props: {
  run: IRunState;
  session: SessionModel;
}): JSX.Element {
  const { run, session } = props;
  const { model, trans } = usePanel();
  const waive = (id: string) =>
    void model.attempt(() => session.editPlan(run.items, [id]));
  return (
    <section className="jp-Intern-card" aria-label={trans.__('Deliverables')}>
      <h3 className="jp-Intern-cardTitle">{trans.__('Deliverables')}</h3>
      <ul className="jp-Intern-plan">
        {run.deliverables.map(each => (
          <li key={each.deliverable_id} className={`jp-mod-${each.status}`}>
            <div className="jp-Intern-row">
              <span
                className="jp-Intern-glyph"
                role="img"
                aria-label={statusWords(each.status, trans)}
              >
                {GLYPHS[each.status]}
              </span>
              <span className="jp-Intern-wrapped">{each.description}</span>
              {run.status === 'running' &&
                (each.status === 'open' || each.status === 'failed') && (
                  <span className="jp-Intern-rowActions">
                    <button
                      className="jp-Intern-link"
                      title={trans.__('Do without this deliverable')}
                      aria-label={trans.__('Waive: %1', each.description)}
                      onClick={() => waive(each.deliverable_id)}
                    >
                      {trans.__('waive')}
                    </button>
                  </span>
                )}
            </div>
            {each.detail && <div className="jp-Intern-note">{each.detail}</div>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function statusWords(
  status: Deliverable['status'],
  trans: TranslationBundle
): string {
  const words: Record<Deliverable['status'], string> = {
    open: trans.__('not checked yet'),
    passed: trans.__('passed'),
    failed: trans.__('failed'),
    waived: trans.__('waived')
  };
  return words[status];
}
