import type { MetricLogged } from './protocol';
import type { ICellState, IRunState } from './reducer';

/** One attempt with its value of the chosen metric. */
export interface IAttempt {
  readonly key: string;
  readonly cellId: string;
  /** The experiment's name, else the cell's title. */
  readonly name: string;
  /** Such as `alpha = 1`. */
  readonly parameters: string;
  readonly split: string;
  readonly value: number;
  /** How long it took, in seconds; null where it is unknown. */
  readonly seconds: number | null;
  readonly isBaseline: boolean;
}

/** All attempts by one metric, in the order in which they were made. */
export interface IBoard {
  readonly metric: string;
  readonly better: MetricLogged['better'];
  readonly attempts: readonly IAttempt[];
  readonly baseline: IAttempt | null;
  /** Null where it isn't known which way is better, or nothing counts. */
  readonly best: IAttempt | null;
  /** For each attempt the best value up to there; null before the first that counts. */
  readonly bestSoFar: readonly (number | null)[];
}

/** What was measured on these says nothing about how good an attempt is. */
const NOT_JUDGED = ['baseline', 'train'];

/** The names of the metrics that the runs logged, those of most attempts first. */
export function metricNames(runs: readonly IRunState[]): string[] {
  const attempts = new Map<string, Set<string>>();
  for (const [cell, metric] of logged(runs)) {
    const made = attempts.get(metric.name) ?? new Set();
    attempts.set(metric.name, made.add(attemptKey(cell, metric)));
  }
  return [...attempts.entries()]
    .sort(([, one], [, other]) => other.size - one.size)
    .map(([name]) => name);
}

/** The board of one metric; of an experiment's values the latest counts. */
export function scoreboard(runs: readonly IRunState[], metric: string): IBoard {
  const attempts = new Map<string, IAttempt>();
  let better: MetricLogged['better'] = '';
  for (const [cell, each] of logged(runs)) {
    if (each.name === metric) {
      const key = attemptKey(cell, each);
      attempts.set(key, attempt(key, cell, each));
      better = each.better;
    }
  }
  const rows = [...attempts.values()];
  let best: IAttempt | null = null;
  const bestSoFar = rows.map(row => {
    if (better !== '' && !NOT_JUDGED.includes(row.split)) {
      best = best === null || isBetter(row, best, better) ? row : best;
    }
    return best?.value ?? null;
  });
  const baseline = rows.find(row => row.isBaseline) ?? null;
  return { metric, better, attempts: rows, baseline, best, bestSoFar };
}

function isBetter(
  one: IAttempt,
  other: IAttempt,
  better: 'higher' | 'lower'
): boolean {
  return better === 'higher'
    ? one.value > other.value
    : one.value < other.value;
}

/** Every metric with its cell; a cell that was undone or repaired counts no more. */
function* logged(
  runs: readonly IRunState[]
): Generator<[ICellState, MetricLogged]> {
  for (const run of runs) {
    for (const cell of run.cells.values()) {
      const isOut =
        cell.status === 'superseded' ||
        run.undone.gone.has(cell.proposal.cell_id);
      for (const metric of isOut ? [] : cell.metrics) {
        yield [cell, metric];
      }
    }
  }
}

/** What a cell prints may name several models, so each such line is an attempt of its own. */
function attemptKey(cell: ICellState, metric: MetricLogged): string {
  const own = metric.experiment
    ? `${metric.experiment} ${metric.split}`
    : String(metric.seq);
  return `${cell.proposal.cell_id} ${own}`;
}

function attempt(
  key: string,
  cell: ICellState,
  metric: MetricLogged
): IAttempt {
  return {
    key,
    cellId: cell.proposal.cell_id,
    name: metric.experiment || cell.proposal.title,
    parameters: Object.entries(metric.parameters)
      .map(([name, value]) => `${name} = ${String(value)}`)
      .join(', '),
    split: metric.split,
    value: metric.value,
    seconds: metric.seconds ?? cell.finished?.seconds ?? null,
    isBaseline: metric.split === 'baseline'
  };
}
