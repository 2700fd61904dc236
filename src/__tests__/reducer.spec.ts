import type { Event, Hello } from '../protocol';
import {
  EMPTY_SESSION,
  lastRun,
  openFindings,
  pendingCell,
  reduce,
  type IRunState,
  type ISessionState
} from '../reducer';

type WithoutBase<T> = T extends Event
  ? Omit<T, 'session_id' | 'run_id' | 'seq' | 'time'>
  : never;

const HELLO: Hello = {
  type: 'hello',
  protocol: 1,
  version: '0.1.0',
  allowed: [],
  last_seq: 0,
  session: {
    session_id: 's',
    path: 'a.ipynb',
    kernel_name: 'python3',
    created: 0,
    run_id: '',
    run_status: null,
    task: ''
  }
};

/** Events as a journal would number them. */
function journal(...events: WithoutBase<Event>[]): Event[] {
  return events.map((event, index) => ({
    session_id: 's',
    run_id: 'r',
    seq: index + 1,
    time: 100 + index,
    ...event
  }));
}

function fold(events: Event[]): ISessionState {
  return events.reduce(reduce, reduce(EMPTY_SESSION, HELLO));
}

function foldRun(...events: WithoutBase<Event>[]): IRunState {
  const run = lastRun(fold(journal(STARTED, ...events)));
  if (run === null) {
    throw new Error('The fold lost the run.');
  }
  return run;
}

const STARTED: WithoutBase<Event> = {
  type: 'run_started',
  user: '',
  task: 'Find out.',
  mode: 'ask',
  model: 'recipes',
  max_steps: 30,
  by: 'me',
  after: null,
  note: null,
  versions: {}
};

function proposed(
  cell_id: string,
  changes: { replaces?: string; note?: string; asks?: boolean } = {}
): WithoutBase<Event> {
  const { replaces = '', note, asks = true } = changes;
  return {
    type: 'cell_proposed',
    step: 1,
    cell_id,
    after: null,
    source: '1 + 1',
    hash: 'h',
    title: cell_id,
    risk: ['compute'],
    reasons: [],
    asks,
    may_allow: [],
    plan_item: 'i',
    note: note === undefined ? null : { cell_id: `${cell_id}n`, source: note },
    replaces
  };
}

function decided(
  cell_id: string,
  decision: 'approve' | 'reject',
  source = '1 + 1'
): WithoutBase<Event> {
  return {
    type: 'cell_decided',
    cell_id,
    decision,
    source,
    hash: 'h',
    edited: source !== '1 + 1',
    by: 'me',
    where: '',
    feedback: decision === 'reject' ? 'No.' : ''
  };
}

function started(cell_id: string): WithoutBase<Event> {
  return { type: 'cell_started', cell_id, hash: 'h' };
}

function finished(
  cell_id: string,
  status: 'done' | 'failed' = 'done'
): WithoutBase<Event> {
  return {
    type: 'cell_finished',
    cell_id,
    status,
    execution_count: 3,
    seconds: 0.5,
    error: null,
    reason: '',
    provenance: {}
  };
}

const ENDED: WithoutBase<Event> = {
  type: 'run_finished',
  status: 'stopped',
  answer: '',
  reason: 'The run was stopped.',
  note: null,
  environment: {},
  provenance: {}
};

describe('a cell', () => {
  it('waits, then is approved, runs and is done', () => {
    const way: WithoutBase<Event>[] = [
      proposed('a'),
      decided('a', 'approve'),
      started('a'),
      finished('a')
    ];
    const statuses = way.map(
      (_, index) => foldRun(...way.slice(0, index + 1)).cells.get('a')?.status
    );
    expect(statuses).toEqual(['proposed', 'approved', 'running', 'done']);
  });

  it('keeps what the person made of it', () => {
    const run = foldRun(proposed('a'), decided('a', 'approve', '2 + 2'));
    const cell = run.cells.get('a');
    expect(cell?.source).toBe('2 + 2');
    expect(cell?.proposal.source).toBe('1 + 1');
    expect(cell?.decision?.edited).toBe(true);
  });

  it('is superseded once its repair starts, not before', () => {
    const before: WithoutBase<Event>[] = [
      proposed('a'),
      decided('a', 'approve'),
      started('a'),
      finished('a', 'failed'),
      proposed('b', { replaces: 'a' })
    ];
    expect(foldRun(...before).cells.get('a')?.status).toBe('failed');
    const after = foldRun(...before, started('b'));
    expect(after.cells.get('a')?.status).toBe('superseded');
    expect(after.cells.get('b')?.status).toBe('running');
  });

  it('waits no more when the run has ended', () => {
    const run = foldRun(proposed('a'), ENDED);
    expect(pendingCell(run)).toBeNull();
    expect(run.cells.get('a')?.status).toBe('stopped');
  });
});

describe('pendingCell', () => {
  it('is the cell that asks', () => {
    expect(pendingCell(foldRun(proposed('a')))?.proposal.cell_id).toBe('a');
  });

  it('is none when the policy decides, or somebody has decided', () => {
    expect(pendingCell(foldRun(proposed('a', { asks: false })))).toBeNull();
    expect(
      pendingCell(foldRun(proposed('a'), decided('a', 'reject')))
    ).toBeNull();
  });
});

describe('a run', () => {
  it('tells words, cells and messages in their order, headings left out', () => {
    const run = foldRun(
      proposed('a', { note: '## 1. Look\n\nFirst a look.' }),
      decided('a', 'approve'),
      { type: 'message_sent', text: 'Faster!', by: 'me' },
      proposed('b', { note: '## 2. Go on' })
    );
    expect(run.entries.map(({ kind }) => kind)).toEqual([
      'prose',
      'cell',
      'message',
      'cell'
    ]);
    expect(run.entries[0]).toMatchObject({ text: 'First a look.' });
  });

  it('knows that a paused run waits, and that a message lets it go on', () => {
    const paused: WithoutBase<Event> = {
      type: 'run_paused',
      resumable: false,
      reason: 'Stuck.'
    };
    const told: WithoutBase<Event> = {
      type: 'message_sent',
      text: 'Go on.',
      by: 'ann'
    };
    expect(foldRun(paused).paused).toBe('Stuck.');
    expect(foldRun(paused).entries).toMatchObject([
      { kind: 'warning', text: 'Stuck.' }
    ]);
    expect(foldRun(paused, told).paused).toBe('');
  });

  it('offers to resume a run that lost its kernel, and goes on with what waited', () => {
    const lost: WithoutBase<Event> = {
      type: 'run_paused',
      resumable: true,
      reason: 'The kernel was killed.'
    };
    const resumed: WithoutBase<Event> = {
      type: 'run_resumed',
      cells: 0,
      by: 'ann'
    };
    const interrupted = foldRun(proposed('a'), lost);
    expect(interrupted).toMatchObject({
      status: 'paused',
      paused: 'The kernel was killed.',
      entries: [{ kind: 'cell' }]
    });
    expect(pendingCell(interrupted)).toBeNull();
    const goesOn = foldRun(proposed('a'), lost, resumed);
    expect(goesOn.status).toBe('running');
    expect(pendingCell(goesOn)?.proposal.cell_id).toBe('a');
  });

  it('keeps what each turn took', () => {
    const step: WithoutBase<Event> = {
      type: 'step_finished',
      step: 1,
      input_tokens: 10,
      output_tokens: 2,
      cost: null,
      seconds: 1,
      first_token_seconds: 0.5,
      tokens_per_second: 4,
      prompt_hash: ''
    };
    const { turns } = foldRun(step, { ...step, step: 2, cost: 0.5 });
    expect(turns).toMatchObject([step, { step: 2, cost: 0.5 }]);
  });

  it('shows what the model is writing until the proposal is there', () => {
    const delta = (text: string): WithoutBase<Event> => ({
      type: 'text_delta',
      step: 1,
      text
    });
    const writing = [delta('First '), delta('a look')];
    expect(foldRun(...writing).streaming).toBe('First a look');
    expect(foldRun(...writing, proposed('a')).streaming).toBe('');
  });

  it('shows what the model loads until it writes', () => {
    const loading: WithoutBase<Event> = {
      type: 'model_progress',
      text: 'Loading a.gguf',
      done: 0.456
    };
    expect(foldRun(loading).progress).toBe('Loading a.gguf (45 %)');
    expect(foldRun({ ...loading, done: null }).progress).toBe('Loading a.gguf');
    const written = foldRun(loading, {
      type: 'text_delta',
      step: 1,
      text: 'a'
    });
    expect(written).toMatchObject({ progress: '', streaming: 'a' });
  });

  it('names the model that was changed to', () => {
    const run = foldRun({ type: 'model_changed', model: 'local:a', by: 'ann' });
    expect(run.model).toBe('local:a');
  });

  it('ends with its reason and its time', () => {
    const run = foldRun(ENDED);
    expect(run).toMatchObject({
      status: 'stopped',
      reason: 'The run was stopped.',
      started: 100,
      ended: 101
    });
  });

  it('asks only until it was answered or the cell ended', () => {
    const question: WithoutBase<Event> = {
      type: 'input_requested',
      cell_id: 'a',
      prompt: 'Name?',
      password: false
    };
    const asked = [proposed('a'), decided('a', 'approve'), started('a')];
    expect(foldRun(...asked, question).question?.prompt).toBe('Name?');
    expect(foldRun(...asked, question, finished('a')).question).toBeNull();
    expect(
      foldRun(...asked, question, {
        type: 'input_answered',
        cell_id: 'a',
        by: 'me'
      }).question
    ).toBeNull();
  });
});

describe('reduce', () => {
  it('changes nothing that it was given', () => {
    const events = journal(STARTED, proposed('a'), decided('a', 'approve'));
    const states = [fold([])];
    for (const event of events) {
      states.push(reduce(states[states.length - 1], event));
    }
    expect(states.map(state => lastRun(state)?.cells.get('a')?.status)).toEqual(
      [undefined, undefined, 'proposed', 'approved']
    );
  });

  it('draws nothing anew for outputs', () => {
    const state = fold(journal(STARTED, proposed('a')));
    const [output] = journal({
      type: 'cell_output',
      cell_id: 'a',
      message: { msg_type: 'stream', content: { name: 'stdout', text: '1' } }
    });
    expect(reduce(state, output)).toBe(state);
  });

  it('puts a warning about the session to the last run', () => {
    const [start, warning] = journal(STARTED, {
      type: 'warning_raised',
      code: 'c',
      message: 'Not saved.'
    });
    const run = lastRun(fold([start, { ...warning, run_id: '' }]));
    expect(run?.entries).toMatchObject([{ text: 'Not saved.' }]);
  });
});

describe('a review', () => {
  const finding = (message: string): WithoutBase<Event> => ({
    type: 'finding_added',
    rule: 'rule',
    severity: 'warning',
    cell_id: 'c',
    line: 1,
    message,
    advice: '',
    fix: ''
  });
  const finished = (findings: number): WithoutBase<Event> => ({
    type: 'review_finished',
    findings,
    by: 'me',
    standings: {}
  });
  const messages = (...events: WithoutBase<Event>[]): string[] =>
    fold(journal(...events)).review.findings.map(({ message }) => message);

  it('leaves out what a person put aside, until they take it back', () => {
    const dismissed = (reason: string): WithoutBase<Event> => ({
      type: 'finding_dismissed',
      rule: 'rule',
      cell_id: 'c',
      reason,
      by: 'me'
    });
    const open = (...events: WithoutBase<Event>[]): number =>
      openFindings(fold(journal(finding('one'), finished(1), ...events)).review)
        .length;
    expect(open()).toBe(1);
    expect(open(dismissed('why'))).toBe(0);
    expect(open(dismissed('why'), dismissed(''))).toBe(1);
  });

  it('replaces what the one before it found', () => {
    expect(
      messages(
        finding('a'),
        finding('b'),
        finished(2),
        finding('b'),
        finished(1)
      )
    ).toEqual(['b']);
    expect(messages(finding('a'), finished(1), finished(0))).toEqual([]);
  });

  it('says when it ended, and before that what it has found so far', () => {
    const events = journal(finding('a'), finished(1));
    expect(fold(events.slice(0, 1)).review.finished).toBeNull();
    expect(fold(events).review.finished).toBe(events[1].time);
    expect(messages(finding('a'))).toEqual(['a']);
  });
});

describe('a cell that takes long', () => {
  const overdue: WithoutBase<Event> = {
    type: 'cell_overdue',
    cell_id: 'c',
    seconds: 600
  };
  const begun = (): Event[] =>
    journal(
      {
        type: 'run_started',
        user: '',
        task: 't',
        mode: 'auto',
        model: 'm',
        max_steps: 3,
        by: 'me',
        after: null,
        note: null,
        versions: {}
      },
      overdue
    );

  it('is asked about until it ends', () => {
    expect(fold(begun()).runs[0].overdue?.seconds).toBe(600);
    const ended = {
      ...begun()[1],
      type: 'cell_finished',
      status: 'stopped',
      execution_count: null,
      error: null,
      reason: ''
    } as unknown as Event;
    expect(fold([...begun(), ended]).runs[0].overdue).toBeNull();
  });
});
