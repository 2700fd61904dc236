import * as React from 'react';

import type { CellOverdue } from '../protocol';
import type { SessionModel } from '../session';
import { spanWords } from '../wording';
import { usePanel } from './context';

/** A cell that takes very long: it runs on unless the person interrupts it. */
export function OverdueCard(props: {
  overdue: CellOverdue;
  session: SessionModel;
}): JSX.Element | null {
  const { overdue, session } = props;
  const { model, trans } = usePanel();
  const [hidden, setHidden] = React.useState(false);
  if (hidden) {
    return null;
  }
  return (
    <section
      className="jp-Intern-card"
      role="alert"
      aria-label={trans.__('A cell takes long')}
    >
      <p className="jp-Intern-why">
        {trans.__(
          'The running cell has taken %1 so far. Let it run on, or interrupt it? The intern is told and goes on.',
          spanWords(overdue.seconds, trans)
        )}
      </p>
      <div className="jp-Intern-actions">
        <button
          className="jp-Intern-button jp-mod-go"
          onClick={() => setHidden(true)}
        >
          {trans.__('Let it run')}
        </button>
        <button
          className="jp-Intern-button jp-mod-warn"
          onClick={() =>
            void model.attempt(() => session.interruptCell(overdue.cell_id))
          }
        >
          {trans.__('Interrupt the cell')}
        </button>
        <button
          className="jp-Intern-link jp-Intern-push"
          onClick={() => model.notebook.reveal(overdue.cell_id)}
        >
          {trans.__('show in notebook ↗')}
        </button>
      </div>
    </section>
  );
}
