import { reduceRerun } from '../rerun';

const base = { session_id: 's', run_id: '', seq: 1, time: 0 };
const nothing = { ...base, told: [], cells: [], stopped: false, reason: '' };

describe('reduceRerun', () => {
  it('counts the cells, and keeps what came of them', () => {
    const started = reduceRerun(null, {
      ...base,
      type: 'rerun_started',
      total: 3,
      by: 'ann'
    });
    const half = reduceRerun(started, {
      ...base,
      type: 'rerun_progress',
      done: 2
    });
    expect(half).toEqual({ total: 3, done: 2, finished: null });
    const ended = reduceRerun(half, {
      ...nothing,
      type: 'rerun_finished',
      told: ['the same']
    });
    expect(ended.finished?.told).toEqual(['the same']);
    expect(ended.done).toBe(2);
  });

  it('forgets the last one when another begins', () => {
    const ended = reduceRerun(null, { ...nothing, type: 'rerun_finished' });
    const event = { ...base, type: 'rerun_started', total: 1, by: 'ann' };
    expect(reduceRerun(ended, { ...event, type: 'rerun_started' })).toEqual({
      total: 1,
      done: 0,
      finished: null
    });
  });
});
