import * as React from 'react';

import type { INotebookLink } from '../notebook';
import type { CellProposed, RiskClass } from '../protocol';
import type { SessionModel } from '../session';
import { askingReasons, riskLevel, riskWords } from '../wording';
import { AllowHere } from './allowances';
import { usePanel } from './context';
import { conversationOf, useContinuedFocus } from './focus';
import { PublishPlan } from './publishPlan';
import { HighlightedCode } from './rendered';

/** A card shows so many lines of a cell; the notebook has the rest. */
const MAX_LINES = 12;

/** A cell that waits for the person: Enter approves, E edits, R rejects. */
export function ProposalCard(props: {
  proposal: CellProposed;
  session: SessionModel;
}): JSX.Element {
  const { proposal, session } = props;
  const { cell_id, hash, title, risk } = proposal;
  const { model, commands, trans } = usePanel();
  const { notebook } = model;
  const [rejecting, setRejecting] = React.useState(false);
  const card = React.useRef<HTMLElement>(null);
  const source = useNotebookSource(proposal);

  useContinuedFocus(card, cell_id);

  const decide = (action: () => Promise<void>) => {
    conversationOf(card.current)?.focus({ preventScroll: true });
    void model.attempt(action);
  };
  // What the person has just typed counts, though the card may show it a moment later.
  const approve = () =>
    decide(() =>
      session.decideCell({
        cell_id,
        decision: 'approve',
        hash,
        source: editOf(proposal, notebook)
      })
    );
  const approveItem = () =>
    decide(() => session.approveItem(proposal, editOf(proposal, notebook)));
  const reject = (feedback: string) =>
    decide(() =>
      session.decideCell({ cell_id, decision: 'reject', hash, feedback })
    );
  const edit = () => {
    notebook.reveal(cell_id);
    // The notebook takes the focus in a message of its own, after this.
    requestAnimationFrame(() => {
      void commands.execute('notebook:enter-edit-mode');
    });
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== card.current || event.ctrlKey || event.metaKey) {
      return;
    }
    const action = {
      Enter: approve,
      e: edit,
      r: () => setRejecting(true)
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  };

  return (
    <section
      ref={card}
      className="jp-Intern-card jp-Intern-proposal"
      tabIndex={0}
      aria-label={trans.__('Proposed cell: %1', title)}
      onKeyDown={onKeyDown}
    >
      <h3 className="jp-Intern-cardTitle">
        <span className="jp-Intern-title">{title}</span>
        <RiskPills risk={risk} />
      </h3>
      <ProposedCode
        source={source}
        onMore={() => notebook.reveal(cell_id)}
        edited={source !== proposal.source}
      />
      {risk.includes('publish') && (
        <PublishPlan source={source} session={session} />
      )}
      <p className="jp-Intern-why">
        <span className="jp-Intern-dim">{trans.__('Why it asks:')}</span>{' '}
        {askingReasons(proposal, trans)}
      </p>
      {source === proposal.source && (
        <AllowHere proposal={proposal} onAllow={decide} session={session} />
      )}
      {rejecting ? (
        <RejectForm
          onReject={reject}
          onCancel={() => {
            setRejecting(false);
            card.current?.focus();
          }}
        />
      ) : (
        <div className="jp-Intern-actions">
          <button className="jp-Intern-button jp-mod-go" onClick={approve}>
            {trans.__('Approve')}
            <Key name="⏎" />
          </button>
          <button className="jp-Intern-button" onClick={edit}>
            {trans.__('Edit')}
            <Key name="E" />
          </button>
          <button
            className="jp-Intern-button"
            onClick={() => setRejecting(true)}
          >
            {trans.__('Reject…')}
            <Key name="R" />
          </button>
          {proposal.plan_item && (
            <button
              className="jp-Intern-link jp-Intern-push"
              title={trans.__(
                'Approve this cell and those that follow for the same step of the plan, as long as they risk no more.'
              )}
              onClick={approveItem}
            >
              {trans.__('all of step ▸')}
            </button>
          )}
        </div>
      )}
    </section>
  );
}

/** A key's own name, the same in every language. */
function Key(props: { name: string }): JSX.Element {
  return <kbd>{props.name}</kbd>;
}

/** What a cell may do beyond computing; "computes only" where there is nothing. */
export function RiskPills(props: { risk: readonly RiskClass[] }): JSX.Element {
  const { trans } = usePanel();
  const [first = 'compute', ...more] = [...props.risk].sort(
    (one, other) => weight(other) - weight(one)
  );
  const all = props.risk.map(risk => riskWords(risk, trans)).join(', ');
  return (
    <span className={`jp-Intern-pill jp-mod-${riskLevel(first)}`} title={all}>
      {riskWords(first, trans)}
      {more.length > 0 && ` +${more.length}`}
    </span>
  );
}

function ProposedCode(props: {
  source: string;
  edited: boolean;
  onMore: () => void;
}): JSX.Element {
  const { source, edited, onMore } = props;
  const { model, trans } = usePanel();
  const lines = source.split('\n');
  const more = lines.length - MAX_LINES;
  return (
    <div className="jp-Intern-codeBox">
      <HighlightedCode
        source={lines.slice(0, MAX_LINES).join('\n')}
        language={model.notebook.language}
      />
      <button className="jp-Intern-link" onClick={onMore}>
        {more > 0 && trans._n('… %1 more line · ', '… %1 more lines · ', more)}
        {trans.__('show in notebook ↗')}
      </button>
      {edited && (
        <span className="jp-Intern-dim"> · {trans.__('edited by you')}</span>
      )}
    </div>
  );
}

function RejectForm(props: {
  onReject: (feedback: string) => void;
  onCancel: () => void;
}): JSX.Element {
  const { trans } = usePanel();
  const [feedback, setFeedback] = React.useState('');
  return (
    <form
      className="jp-Intern-actions"
      onSubmit={event => {
        event.preventDefault();
        props.onReject(feedback.trim());
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          props.onCancel();
        }
      }}
    >
      <input
        autoFocus
        className="jp-Intern-input"
        aria-label={trans.__('What to do instead')}
        placeholder={trans.__('What to do instead (may stay empty)')}
        value={feedback}
        onChange={event => setFeedback(event.target.value)}
      />
      <button className="jp-Intern-button jp-mod-warn" type="submit">
        {trans.__('Reject')}
      </button>
      <button
        className="jp-Intern-button"
        type="button"
        onClick={props.onCancel}
      >
        {trans.__('Back')}
      </button>
    </form>
  );
}

/** The person's text, where it isn't the proposal's. */
function editOf(
  proposal: CellProposed,
  notebook: INotebookLink
): string | null {
  const source = notebook.source(proposal.cell_id);
  return source === proposal.source ? null : source;
}

/**
 * The proposal's source as it stands in the notebook, where the person may be editing it.
 *
 * What is shown is what Approve sends. The notebook's text has no one signal across its views, hence the timer.
 */
function useNotebookSource(proposal: CellProposed): string {
  const { notebook } = usePanel().model;
  const read = () => notebook.source(proposal.cell_id) ?? proposal.source;
  const [source, setSource] = React.useState(read);
  React.useEffect(() => {
    const update = () => setSource(read);
    update();
    const timer = window.setInterval(update, 300);
    return () => window.clearInterval(timer);
  }, [proposal, notebook]);
  return source;
}

function weight(risk: RiskClass): number {
  return ['quiet', 'look', 'danger'].indexOf(riskLevel(risk));
}
