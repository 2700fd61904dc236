import * as React from 'react';

import {
  pendingCell,
  type Entry,
  type ICellState,
  type IRunState
} from '../reducer';
import type { SessionModel } from '../session';
import { CellLines } from './cells';
import { usePanel } from './context';
import { Deliverables } from './deliverables';
import { InterruptionCard } from './interruption';
import { PlanCard } from './plan';
import { ProposalCard } from './proposal';
import { QuestionCard } from './question';
import { OverdueCard } from './overdue';
import { Prose } from './rendered';
import { Undoing } from './undoing';

interface IRunProps {
  run: IRunState;
  session: SessionModel;
}

/** One task from the person's words to its end. Drawn again only when something of it changed. */
export const RunView = React.memo((props: IRunProps): JSX.Element => {
  const { run, session } = props;
  const pending = pendingCell(run);
  return (
    <>
      <div className="jp-Intern-bubble">{run.task}</div>
      {run.items.length > 0 && <PlanCard run={run} session={session} />}
      {blocks(run, pending).map(block => (
        <BlockView key={block.key} block={block} />
      ))}
      <Streaming text={run.streaming || run.progress} />
      {pending && (
        <ProposalCard
          key={pending.proposal.cell_id}
          proposal={pending.proposal}
          session={session}
        />
      )}
      {run.question && (
        <QuestionCard
          key={run.question.seq}
          question={run.question}
          session={session}
        />
      )}
      {run.overdue && (
        <OverdueCard
          key={run.overdue.seq}
          overdue={run.overdue}
          session={session}
        />
      )}
      {run.deliverables.length > 0 && (
        <Deliverables run={run} session={session} />
      )}
      {run.status === 'paused' && (
        <InterruptionCard run={run} session={session} />
      )}
      <Ending run={run} />
      <Undoing run={run} session={session} />
    </>
  );
});

/** Neighbouring cells make one block of lines. */
type Block =
  | Exclude<Entry, { kind: 'cell' }>
  | { kind: 'cells'; key: string; cells: ICellState[] };

function blocks(run: IRunState, pending: ICellState | null): Block[] {
  const found: Block[] = [];
  for (const entry of run.entries) {
    if (entry.kind !== 'cell') {
      found.push(entry);
      continue;
    }
    const cell = run.cells.get(entry.cellId);
    if (cell === undefined || cell === pending) {
      continue;
    }
    const last = found[found.length - 1];
    if (last?.kind === 'cells') {
      last.cells.push(cell);
    } else {
      found.push({ kind: 'cells', key: entry.key, cells: [cell] });
    }
  }
  return found;
}

function BlockView(props: { block: Block }): JSX.Element {
  const { block } = props;
  switch (block.kind) {
    case 'cells':
      return <CellLines cells={block.cells} />;
    case 'prose':
      return <Prose markdown={block.text} />;
    case 'message':
      return <div className="jp-Intern-bubble">{block.text}</div>;
    case 'warning':
      return (
        <div className="jp-Intern-notice jp-mod-warn" role="status">
          {block.text}
        </div>
      );
  }
}

/** What the model is writing: its words, and that code is coming once it writes code. */
function Streaming(props: { text: string }): JSX.Element | null {
  const { trans } = usePanel();
  if (props.text === '') {
    return null;
  }
  const [words, ...code] = props.text
    .replace(/^\s*Item \d+\s*\n/, '')
    .split(/```|<code>/);
  return (
    <div className="jp-Intern-streaming" aria-live="off">
      {words.trim()}
      {code.length > 0 && (
        <span className="jp-Intern-dim"> {trans.__('writing code …')}</span>
      )}
      <span className="jp-Intern-caret" />
    </div>
  );
}

/** How the run ended, and what to do about it where it went wrong. */
function Ending(props: { run: IRunState }): JSX.Element | null {
  const { run } = props;
  const parts: JSX.Element[] = [];
  if (run.status === 'finished') {
    parts.push(<Prose key="answer" markdown={run.answer} />);
  } else if (run.status === 'failed' || run.status === 'stopped') {
    const failed = run.status === 'failed';
    parts.push(
      <div
        key="reason"
        className={`jp-Intern-notice jp-mod-${failed ? 'error' : 'quiet'}`}
        role={failed ? 'alert' : 'status'}
      >
        {run.reason}
      </div>
    );
  }
  return parts.length > 0 ? <>{parts}</> : null;
}
