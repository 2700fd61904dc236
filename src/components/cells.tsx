import * as React from 'react';

import type { CellStatus, ICellState } from '../reducer';
import { cellFacts } from '../wording';
import { usePanel } from './context';

const GLYPHS: Record<CellStatus, string> = {
  proposed: '○',
  approved: '◌',
  rejected: '–',
  running: '●',
  done: '✓',
  failed: '✗',
  stopped: '■',
  superseded: '↻'
};

/** Cells that were decided, one line each; a line leads to its cell in the notebook. */
export function CellLines(props: {
  cells: readonly ICellState[];
}): JSX.Element {
  return (
    <ul className="jp-Intern-card jp-Intern-lines">
      {props.cells.map(cell => (
        <CellLine key={cell.proposal.cell_id} cell={cell} />
      ))}
    </ul>
  );
}

function CellLine(props: { cell: ICellState }): JSX.Element {
  const { cell } = props;
  const { model, trans } = usePanel();
  const { proposal, status, finished, decision } = cell;
  const count = finished?.execution_count;
  const gone = status === 'rejected' || status === 'superseded';
  const words = statusWords(status, trans.__.bind(trans));
  const line = (
    <>
      <span className="jp-Intern-glyph" role="img" aria-label={words}>
        {GLYPHS[status]}
      </span>
      <span className="jp-Intern-title" title={proposal.title}>
        {count ? `[${count}] ` : ''}
        {proposal.title}
      </span>
      <span className="jp-Intern-facts">
        {decision?.edited && `${trans.__('edited')} · `}
        {gone || status === 'running'
          ? words
          : `${cellFacts(cell, trans)} ↗`.trim()}
      </span>
    </>
  );
  return (
    <li className={`jp-mod-${status}`}>
      {gone ? (
        <div className="jp-Intern-row">{line}</div>
      ) : (
        <button
          className="jp-Intern-row"
          title={finished?.error?.evalue || finished?.reason || proposal.title}
          onClick={() => model.notebook.reveal(proposal.cell_id)}
        >
          {line}
        </button>
      )}
      {decision?.feedback && status === 'rejected' && (
        <div className="jp-Intern-note">“{decision.feedback}”</div>
      )}
    </li>
  );
}

function statusWords(status: CellStatus, __: (text: string) => string): string {
  const words: Record<CellStatus, string> = {
    proposed: __('proposed'),
    approved: __('approved'),
    rejected: __('rejected'),
    running: __('running …'),
    done: __('done'),
    failed: __('failed'),
    stopped: __('stopped'),
    superseded: __('repaired')
  };
  return words[status];
}
