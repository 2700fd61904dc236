import * as React from 'react';

import type { IRunState } from '../reducer';
import {
  metricNames,
  scoreboard,
  type IAttempt,
  type IBoard
} from '../scoreboard';
import type { SessionModel } from '../session';
import { spanWords } from '../wording';
import { usePanel } from './context';

/** Width and height of the chart, in its own units. */
const WIDTH = 320;
const HEIGHT = 96;
const EDGE = 8;
const NO_RUNS: readonly IRunState[] = [];

/** The experiments of the session by one metric: a chart of the best so far, and a table that leads to the cells. */
export function Scoreboard(props: {
  session: SessionModel | null;
}): JSX.Element {
  const { trans } = usePanel();
  const runs = props.session?.state.runs ?? NO_RUNS;
  const names = React.useMemo(() => metricNames(runs), [runs]);
  const [chosen, setChosen] = React.useState('');
  const metric = names.includes(chosen) ? chosen : (names[0] ?? '');
  const board = React.useMemo(() => scoreboard(runs, metric), [runs, metric]);
  if (metric === '') {
    return (
      <div className="jp-Intern-scoreboard">
        <p className="jp-Intern-dim">
          {trans.__(
            'Nothing was measured yet. What cells print, such as “accuracy: 0.9”, and what they log with track.log is shown here.'
          )}
        </p>
      </div>
    );
  }
  return (
    <div className="jp-Intern-scoreboard">
      <div className="jp-Intern-scoreHead">
        <select
          className="jp-Intern-input"
          aria-label={trans.__('Metric')}
          value={metric}
          onChange={event => setChosen(event.target.value)}
        >
          {names.map(name => (
            <option key={name} value={name}>
              {name.replace(/_/g, ' ')}
            </option>
          ))}
        </select>
        <span className="jp-Intern-dim">
          {board.better === 'higher' && trans.__('more is better')}
          {board.better === 'lower' && trans.__('less is better')}
        </span>
      </div>
      {board.best && board.attempts.length > 1 && <Chart board={board} />}
      <Attempts board={board} />
    </div>
  );
}

function Chart(props: { board: IBoard }): JSX.Element {
  const { trans } = usePanel();
  const { attempts, baseline, best, bestSoFar } = props.board;
  const values = attempts.map(each => each.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (index: number) =>
    EDGE + (index * (WIDTH - 2 * EDGE)) / Math.max(1, attempts.length - 1);
  const y = (value: number) =>
    high === low
      ? HEIGHT / 2
      : HEIGHT - EDGE - ((value - low) * (HEIGHT - 2 * EDGE)) / (high - low);
  const first = bestSoFar.findIndex(value => value !== null);
  const steps = bestSoFar
    .slice(first)
    .map((value, index) => {
      const at = x(first + index);
      return index === 0
        ? `M ${at} ${y(value!)}`
        : `L ${at} ${y(bestSoFar[first + index - 1]!)} L ${at} ${y(value!)}`;
    })
    .join(' ');
  return (
    <svg
      className="jp-Intern-chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={trans.__(
        'Best so far: %1, after %2 attempts',
        number(best?.value ?? 0),
        attempts.length
      )}
    >
      {baseline && (
        <line
          className="jp-mod-baseline"
          x1={EDGE}
          x2={WIDTH - EDGE}
          y1={y(baseline.value)}
          y2={y(baseline.value)}
        />
      )}
      <path d={steps} />
      {attempts.map((each, index) => (
        <circle
          key={each.key}
          className={each === best ? 'jp-mod-best' : ''}
          cx={x(index)}
          cy={y(each.value)}
          r={each === best ? 4.5 : 3}
        >
          <title>{`${each.name}: ${number(each.value)}`}</title>
        </circle>
      ))}
    </svg>
  );
}

function Attempts(props: { board: IBoard }): JSX.Element {
  const { board } = props;
  const { trans } = usePanel();
  return (
    <table className="jp-Intern-scores">
      <thead>
        <tr>
          <th>{trans.__('Experiment')}</th>
          <th>{board.metric.replace(/_/g, ' ')}</th>
          {board.baseline && (
            <th title={trans.__('Difference to the baseline')}>
              {trans.__('Δ base')}
            </th>
          )}
          {board.best && (
            <th title={trans.__('Difference to the best')}>
              {trans.__('Δ best')}
            </th>
          )}
          <th>{trans.__('Time')}</th>
        </tr>
      </thead>
      <tbody>
        {board.attempts.map(each => (
          <Row key={each.key} attempt={each} board={board} />
        ))}
      </tbody>
    </table>
  );
}

function Row(props: { attempt: IAttempt; board: IBoard }): JSX.Element {
  const { attempt, board } = props;
  const { model, trans } = usePanel();
  const { baseline, best } = board;
  return (
    <tr className={attempt === best ? 'jp-mod-best' : ''}>
      <td>
        <button
          className="jp-Intern-link"
          title={trans.__('Show the cell')}
          onClick={() => model.notebook.reveal(attempt.cellId)}
        >
          {attempt.name}
        </button>
        <span className="jp-Intern-dim">
          {attempt === best && `${trans.__('best')} · `}
          {[attempt.split, attempt.parameters].filter(Boolean).join(' · ')}
        </span>
      </td>
      <td>{number(attempt.value)}</td>
      {baseline && <Delta value={attempt} to={baseline} board={board} />}
      {best && <Delta value={attempt} to={best} board={board} />}
      <td>{attempt.seconds !== null && spanWords(attempt.seconds, trans)}</td>
    </tr>
  );
}

function Delta(props: {
  value: IAttempt;
  to: IAttempt;
  board: IBoard;
}): JSX.Element {
  const { value, to, board } = props;
  const { trans } = usePanel();
  const difference = value.value - to.value;
  if (value === to || difference === 0 || board.better === '') {
    return <td>{value === to ? '' : signed(difference)}</td>;
  }
  const gains = difference > 0 === (board.better === 'higher');
  return (
    <td
      className={gains ? 'jp-mod-gain' : 'jp-mod-loss'}
      title={gains ? trans.__('better') : trans.__('worse')}
    >
      {signed(difference)}
    </td>
  );
}

/** Four digits say enough. */
function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function signed(value: number): string {
  const digits = number(Math.abs(value));
  return value < 0 ? `−${digits}` : `+${digits}`;
}
