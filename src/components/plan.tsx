import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import * as React from 'react';

import type { PlanItem } from '../protocol';
import type { IRunState } from '../reducer';
import type { SessionModel } from '../session';
import { itemWords, spanWords } from '../wording';
import { usePanel } from './context';
import { Elapsed } from './elapsed';

/** The server takes no longer title. */
const MAX_TITLE = 200;

const GLYPHS: Record<PlanItem['status'], string> = {
  done: '✓',
  active: '●',
  open: '○',
  skipped: '–'
};

/** The plan: what is done, what is worked on, what comes; editable as long as the run works. */
export function PlanCard(props: {
  run: IRunState;
  session: SessionModel;
}): JSX.Element {
  const { run, session } = props;
  const { model, trans } = usePanel();
  const [editing, setEditing] = React.useState('');
  const editable = run.status === 'running';
  const done = run.items.filter(item => item.status === 'done').length;

  const save = (items: readonly PlanItem[]) => {
    setEditing('');
    void model.attempt(() => session.editPlan(items));
  };
  const add = (title: string) => {
    const item_id = UUID.uuid4().replace(/-/g, '').slice(0, 12);
    save([...run.items, { item_id, title, status: 'open', result: '' }]);
  };

  return (
    <section className="jp-Intern-card" aria-label={trans.__('Plan')}>
      <h3 className="jp-Intern-cardTitle">
        <span>{trans.__('Plan')}</span>
        <span className="jp-Intern-facts">
          {trans.__('%1 of %2', done, run.items.length)} ·{' '}
          <Elapsed run={run} session={session} />
        </span>
      </h3>
      <ol className="jp-Intern-plan">
        {run.items.map((item, index) =>
          editing === item.item_id ? (
            <TitleRow
              key={item.item_id}
              title={item.title}
              onCancel={() => setEditing('')}
              onSave={title => save(withItem(run.items, index, { title }))}
            />
          ) : (
            <PlanRow
              key={item.item_id}
              item={item}
              facts={itemFacts(run, item, trans)}
              editable={editable && item.status !== 'done'}
              isFirst={index === 0}
              isLast={index === run.items.length - 1}
              onEdit={() => setEditing(item.item_id)}
              onMove={by => save(moved(run.items, index, by))}
              onSkip={() =>
                save(
                  withItem(run.items, index, {
                    status: item.status === 'skipped' ? 'open' : 'skipped'
                  })
                )
              }
            />
          )
        )}
        {editable &&
          (editing === 'new' ? (
            <TitleRow title="" onCancel={() => setEditing('')} onSave={add} />
          ) : (
            <li className="jp-Intern-row">
              <button
                className="jp-Intern-add"
                onClick={() => setEditing('new')}
              >
                <span className="jp-Intern-glyph">+</span>
                {trans.__('add a step')}
              </button>
            </li>
          ))}
      </ol>
    </section>
  );
}

function PlanRow(props: {
  item: PlanItem;
  facts: string;
  editable: boolean;
  isFirst: boolean;
  isLast: boolean;
  onEdit: () => void;
  onMove: (by: -1 | 1) => void;
  onSkip: () => void;
}): JSX.Element {
  const { item, facts, editable } = props;
  const { trans } = usePanel();
  const skipped = item.status === 'skipped';
  const action = (
    label: string,
    glyph: string,
    act: () => void,
    shown = true
  ) =>
    shown && (
      <button
        className="jp-Intern-icon"
        title={label}
        aria-label={`${label}: ${item.title}`}
        onClick={act}
      >
        {glyph}
      </button>
    );
  return (
    <li className={`jp-Intern-row jp-mod-${item.status}`}>
      <span
        className="jp-Intern-glyph"
        aria-label={itemWords(item.status, trans)}
        role="img"
      >
        {GLYPHS[item.status]}
      </span>
      <span className="jp-Intern-title" title={item.title}>
        {item.title}
      </span>
      {facts && <span className="jp-Intern-facts">{facts}</span>}
      {editable && (
        <span className="jp-Intern-rowActions">
          {action(
            trans.__('Move up'),
            '↑',
            () => props.onMove(-1),
            !props.isFirst
          )}
          {action(
            trans.__('Move down'),
            '↓',
            () => props.onMove(1),
            !props.isLast
          )}
          {action(trans.__('Edit'), '✎', props.onEdit)}
          {action(
            skipped ? trans.__('Do it after all') : trans.__('Skip'),
            skipped ? '↺' : '⤫',
            props.onSkip
          )}
        </span>
      )}
    </li>
  );
}

/** A row while its title is written: Enter keeps it, Escape doesn't. */
function TitleRow(props: {
  title: string;
  onSave: (title: string) => void;
  onCancel: () => void;
}): JSX.Element {
  const { trans } = usePanel();
  const [title, setTitle] = React.useState(props.title);
  const keep = () => {
    const trimmed = title.trim();
    if (trimmed === '' || trimmed === props.title) {
      props.onCancel();
    } else {
      props.onSave(trimmed);
    }
  };
  return (
    <li className="jp-Intern-row">
      <span className="jp-Intern-glyph">✎</span>
      <input
        autoFocus
        className="jp-Intern-input"
        aria-label={trans.__('Title of the step')}
        maxLength={MAX_TITLE}
        value={title}
        onBlur={keep}
        onChange={event => setTitle(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            keep();
          } else if (event.key === 'Escape') {
            event.stopPropagation();
            props.onCancel();
          }
        }}
      />
    </li>
  );
}

/** An item's result; where it has none, how many cells it took and how long they ran. */
function itemFacts(
  run: IRunState,
  item: PlanItem,
  trans: TranslationBundle
): string {
  if (item.result || item.status !== 'done') {
    return item.result;
  }
  const finished = [...run.cells.values()]
    .filter(cell => cell.proposal.plan_item === item.item_id)
    .flatMap(cell => cell.finished ?? []);
  if (finished.length === 0) {
    return '';
  }
  const seconds = finished.reduce((sum, each) => sum + each.seconds, 0);
  const count = trans._n('%1 cell', '%1 cells', finished.length);
  return `${count} · ${spanWords(seconds, trans)}`;
}

function withItem(
  items: readonly PlanItem[],
  index: number,
  change: Partial<PlanItem>
): PlanItem[] {
  return items.map((item, at) =>
    at === index ? { ...item, ...change } : item
  );
}

function moved(
  items: readonly PlanItem[],
  index: number,
  by: -1 | 1
): PlanItem[] {
  const changed = [...items];
  const [item] = changed.splice(index, 1);
  changed.splice(index + by, 0, item);
  return changed;
}
