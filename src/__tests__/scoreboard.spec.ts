import type { Event, MetricLogged } from '../protocol';
import { plannedBy } from '../publishPlan';
import { EMPTY_SESSION, reduce, type IRunState } from '../reducer';
import { metricNames, scoreboard } from '../scoreboard';

let seq = 0;

function runs(...events: object[]): readonly IRunState[] {
  return [{ type: 'run_started', task: 't' }, ...events]
    .map(event => ({ run_id: 'r', seq: ++seq, time: seq, ...event }) as Event)
    .reduce(reduce, EMPTY_SESSION).runs;
}

function cell(cell_id: string, replaces = ''): object[] {
  return [
    { type: 'cell_proposed', cell_id, title: `cell ${cell_id}`, replaces },
    { type: 'cell_started', cell_id },
    { type: 'cell_finished', cell_id, status: 'done', seconds: 9 }
  ];
}

function metric(cell_id: string, more: Partial<MetricLogged>): object {
  return {
    type: 'metric_logged',
    cell_id,
    name: 'rmse',
    value: 1,
    split: 'cv',
    better: 'lower',
    experiment: '',
    parameters: {},
    step: null,
    seconds: null,
    ...more
  };
}

describe('scoreboard', () => {
  it('keeps an experiment’s latest value, and judges neither baseline nor training', () => {
    const found = scoreboard(
      runs(
        ...cell('a'),
        metric('a', { experiment: 'mean', split: 'baseline', value: 4 }),
        metric('a', {
          experiment: 'ridge',
          value: 3,
          parameters: { alpha: 1 }
        }),
        metric('a', {
          experiment: 'ridge',
          value: 2,
          parameters: { alpha: 1 },
          seconds: 0.5
        }),
        metric('a', { experiment: 'tree', split: 'train', value: 0.1 }),
        metric('a', { experiment: 'tree', value: 2.5 })
      ),
      'rmse'
    );
    expect(found.attempts.map(each => [each.name, each.value])).toEqual([
      ['mean', 4],
      ['ridge', 2],
      ['tree', 0.1],
      ['tree', 2.5]
    ]);
    expect(found.attempts[1]).toMatchObject({
      parameters: 'alpha = 1',
      seconds: 0.5,
      cellId: 'a'
    });
    expect(found.baseline?.value).toBe(4);
    expect(found.best?.name).toBe('ridge');
    expect(found.bestSoFar).toEqual([null, 2, 2, 2]);
  });

  it('takes each printed line for an attempt, named after its cell', () => {
    const board = scoreboard(
      runs(
        ...cell('a'),
        metric('a', { name: 'accuracy', better: 'higher', value: 0.7 }),
        metric('a', { name: 'accuracy', better: 'higher', value: 0.9 })
      ),
      'accuracy'
    );
    expect(board.attempts.map(each => each.name)).toEqual(['cell a', 'cell a']);
    expect(board.attempts[0].seconds).toBe(9);
    expect(board.best?.value).toBe(0.9);
    expect(board.bestSoFar).toEqual([0.7, 0.9]);
  });

  it('names no best where nobody knows which way is better', () => {
    const made = runs(...cell('a'), metric('a', { name: 'x', better: '' }));
    expect(scoreboard(made, 'x').best).toBeNull();
    expect(scoreboard(made, 'x').attempts).toHaveLength(1);
  });

  it('forgets undone runs and repaired cells, and offers the metric of most attempts first', () => {
    const made = [
      ...cell('a'),
      metric('a', { name: 'loss', value: 9 }),
      metric('a', { name: 'rmse', value: 9 }),
      ...cell('b', 'a'),
      metric('b', { name: 'loss' }),
      metric('b', { name: 'accuracy' }),
      metric('b', { name: 'accuracy' })
    ];
    expect(metricNames(runs(...made))).toEqual(['accuracy', 'loss']);
    const undone = {
      type: 'run_undone',
      removed: ['b'],
      kept: [],
      after: ['']
    };
    expect(metricNames(runs(...made, undone))).toEqual([]);
  });
});

describe('plans of publishing', () => {
  const plan = {
    number: '3f2a9c01',
    address: 'somewhere',
    kind: 'model',
    private: true,
    licence: '',
    files: [],
    file_count: 0,
    size: 0,
    blocks: [],
    notes: []
  };

  function shown(data: unknown): object {
    return {
      type: 'cell_output',
      cell_id: 'a',
      message: {
        msg_type: 'execute_result',
        content: { data: { 'application/vnd.ml-intern.publish+json': data } }
      }
    };
  }

  it('belong to the cell that names their number', () => {
    const made = runs(...cell('a'), shown(plan));
    expect(plannedBy('publish.push(plan, "3f2a9c01")', made)).toEqual(plan);
    expect(plannedBy('publish.push(plan, plan.number)', made)).toBeNull();
  });

  it('are left alone where they can not be read', () => {
    const broken = [
      null,
      'text',
      { ...plan, files: 5 },
      { ...plan, number: 1 }
    ];
    const made = runs(...cell('a'), ...broken.map(shown));
    expect(made[0].plans.size).toBe(0);
  });
});
