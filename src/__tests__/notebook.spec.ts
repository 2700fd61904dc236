import { OutputAreaModel } from '@jupyterlab/outputarea';

import { NotebookDocument } from '../notebookDocument';
import { CellOutputs } from '../notebookOutputs';
import type { Event, IOPubMessage } from '../protocol';
import { Content } from './content';

type Told = {
  [K in Event['type']]: Partial<Event & { type: K }> & { type: K };
};

/** A session's events, numbered from 1. */
function history(...told: Told[keyof Told][]): Event[] {
  return told.map(
    (event, index) =>
      ({
        session_id: 's',
        run_id: 'r',
        seq: index + 1,
        time: 0,
        note: null,
        after: null,
        replaces: '',
        provenance: {},
        ...event
      }) as unknown as Event
  );
}

function proposed(
  id: string,
  source: string,
  more: object = {}
): Told['cell_proposed'] {
  return {
    type: 'cell_proposed',
    cell_id: id,
    source,
    hash: source,
    after: 'task',
    ...more
  };
}

function approved(id: string, source: string): Told['cell_decided'] {
  return {
    type: 'cell_decided',
    cell_id: id,
    source,
    decision: 'approve',
    edited: false
  };
}

function printed(id: string, text: string): Told['cell_output'] {
  const message: IOPubMessage = {
    msg_type: 'stream',
    content: { name: 'stdout', text }
  };
  return { type: 'cell_output', cell_id: id, message };
}

const STARTED: Told['run_started'] = {
  type: 'run_started',
  note: { cell_id: 'task', source: '# Task' }
};

const WHOLE = history(
  STARTED,
  proposed('a', 'print(1)', { note: { cell_id: 'na', source: '## 1. First' } }),
  approved('a', 'print(1)'),
  { type: 'cell_started', cell_id: 'a' },
  printed('a', 'on'),
  printed('a', 'e\n'),
  {
    type: 'cell_finished',
    cell_id: 'a',
    status: 'done',
    execution_count: 3,
    provenance: { kind: 'cell' }
  },
  proposed('b', 'rm()', {
    after: 'a',
    note: { cell_id: 'nb', source: 'Away.' }
  }),
  { type: 'cell_decided', cell_id: 'b', source: 'rm()', decision: 'reject' },
  {
    type: 'run_finished',
    note: { cell_id: 'end', source: '## Summary' },
    provenance: { kind: 'run' }
  }
);

const OUTPUT = [{ output_type: 'stream', name: 'stdout', text: 'one\n' }];

describe('NotebookDocument', () => {
  let content: Content;
  let document: NotebookDocument;

  beforeEach(() => {
    content = new Content();
    document = new NotebookDocument(content, 's');
  });

  const expected = [
    ['task', '# Task'],
    ['na', '## 1. First'],
    ['a', 'print(1)'],
    ['end', '## Summary']
  ];

  it('makes the same notebook live, at once, and from any point on', () => {
    for (let split = 0; split <= WHOLE.length; split += 1) {
      content = new Content();
      new NotebookDocument(content, 's').adopt(WHOLE.slice(0, split));
      const again = new NotebookDocument(content, 's');
      again.adopt(WHOLE);
      WHOLE.forEach(event => again.apply(event));

      expect(content.shown()).toEqual(expected);
      expect(content.code('a').outputs.toJSON()).toEqual(OUTPUT);
      expect(content.code('a').executionCount).toBe(3);
      expect(content.getMetadata('ml_intern')).toEqual({
        sessions: { s: WHOLE.length },
        runs: { r: { kind: 'run' } }
      });
      expect(content.code('a').getMetadata('ml_intern')).toMatchObject({
        status: 'done',
        provenance: { kind: 'cell' }
      });
    }
  });

  it('does not believe a notebook that claims to be further than the journal', () => {
    content.setMetadata('ml_intern', { sessions: { s: 10_000 } });
    document.adopt(WHOLE);
    expect(content.shown()).toEqual(expected);
  });

  it('leaves deleted what the person deleted', () => {
    document.adopt(WHOLE.slice(0, 4));
    content.sharedModel.deleteCell(2);
    WHOLE.slice(4).forEach(event => document.apply(event));
    document.adopt(WHOLE);
    expect(content.shown().map(([id]) => id)).toEqual(['task', 'na', 'end']);
  });

  it('brings back what undoing a run took out, with outputs and place', () => {
    const content = new Content();
    const document = new NotebookDocument(content, 's');
    document.adopt(
      history(
        STARTED,
        proposed('a', '1 + 1'),
        approved('a', '1 + 1'),
        { type: 'cell_started', cell_id: 'a' },
        printed('a', 'two'),
        {
          type: 'cell_finished',
          cell_id: 'a',
          status: 'done',
          execution_count: 3,
          provenance: { by: 'ann' }
        },
        {
          type: 'run_finished',
          note: null,
          provenance: { model: 'm' }
        },
        {
          type: 'run_undone',
          removed: ['task', 'a'],
          after: ['', 'task'],
          sources: { a: '1 + 1  # mine' }
        }
      )
    );
    expect(content.shown()).toEqual([]);
    const [redone] = history({
      type: 'run_redone',
      restored: ['task', 'a'],
      after: ['', 'task']
    });
    expect(content.getMetadata('ml_intern')).toMatchObject({ runs: {} });
    document.apply({ ...redone, seq: 9 });
    expect(content.shown().map(([id]) => id)).toEqual(['task', 'a']);
    const cell = content.code('a');
    expect(cell.sharedModel.getSource()).toBe('1 + 1  # mine');
    expect(cell.getMetadata('ml_intern')).toMatchObject({
      status: 'done',
      provenance: { by: 'ann' }
    });
    expect(content.getMetadata('ml_intern')).toMatchObject({
      runs: { r: { model: 'm' } }
    });
    expect(cell.outputs.toJSON()).toMatchObject([{ text: 'two' }]);
    expect(cell.executionCount).toBe(3);
    document.apply({ ...redone, seq: 9 });
    expect(content.shown()).toHaveLength(2);
  });

  it('knows that nobody tells the end of a cell whose server is gone', () => {
    const content = new Content();
    const document = new NotebookDocument(content, 's');
    document.adopt(
      history(
        STARTED,
        proposed('a', '1 + 1'),
        approved('a', '1 + 1'),
        { type: 'cell_started', cell_id: 'a' },
        printed('a', 'half'),
        { type: 'run_paused', reason: 'Gone.', resumable: true }
      )
    );
    expect(content.code('a').executionState).toBe('idle');
    expect(content.code('a').getMetadata('ml_intern')).toMatchObject({
      status: 'stopped'
    });
    expect(content.code('a').outputs.length).toBe(1);
  });

  it('stays out of the undo history of the person', () => {
    content.sharedModel.insertCell(0, { cell_type: 'code', source: 'mine' });
    document.adopt(WHOLE);
    content.sharedModel.undo();
    expect(content.shown()).toEqual(expected);
    expect(content.sharedModel.canUndo()).toBe(false);
  });

  it('gives the words back that were typed while the cell was approved elsewhere', () => {
    WHOLE.slice(0, 2).forEach(event => document.apply(event));
    const { sharedModel } = content.code('a');
    sharedModel.setSource('print("mine")');
    WHOLE.slice(2).forEach(event => document.apply(event));
    expect(sharedModel.getSource()).toBe('print(1)');
    sharedModel.undo();
    expect(sharedModel.getSource()).toBe('print("mine")');
  });

  it("keeps a new notebook's empty cell as the last one", () => {
    content.sharedModel.insertCell(0, { cell_type: 'code', id: 'blank' });
    document.adopt(history({ ...STARTED, after: 'blank' }));
    expect(content.shown().map(([id]) => id)).toEqual(['task', 'blank']);
  });

  const REPAIRED = history(
    STARTED,
    proposed('a', '1 / 0', {
      note: { cell_id: 'na', source: '## 1. Divide\n\nBoldly.' }
    }),
    approved('a', '1 / 0'),
    { type: 'cell_started', cell_id: 'a' },
    {
      type: 'cell_finished',
      cell_id: 'a',
      status: 'failed',
      execution_count: 1
    },
    proposed('b', '1 / 1', {
      after: 'a',
      replaces: 'a',
      note: { cell_id: 'nb', source: 'By one.' }
    }),
    approved('b', '1 / 1'),
    { type: 'cell_started', cell_id: 'b' }
  );

  it('puts a repair into the place of the failed cell, under its heading', () => {
    document.adopt(REPAIRED);
    expect(content.shown()).toEqual([
      ['task', '# Task'],
      ['nb', '## 1. Divide\n\nBy one.'],
      ['b', '1 / 1']
    ]);
  });

  it('keeps a failed cell that the person has edited', () => {
    document.adopt(REPAIRED.slice(0, 5));
    content.code('a').sharedModel.setSource('1 / 2');
    REPAIRED.slice(5).forEach(event => document.apply(event));
    expect(content.shown().map(([id]) => id)).toEqual([
      'task',
      'na',
      'a',
      'nb',
      'b'
    ]);
    expect(document.isEdited(content.code('a'))).toBe(true);
    expect(document.isEdited(content.code('b'))).toBe(false);
  });

  it('renews a display of an earlier cell, also one that the file holds already', () => {
    const display = (
      type: IOPubMessage['msg_type'],
      text: string,
      id: string
    ): Told['cell_output'] => ({
      type: 'cell_output',
      cell_id: id,
      message: {
        msg_type: type,
        content: {
          data: { 'text/plain': text },
          metadata: {},
          transient: { display_id: 'd' }
        }
      }
    });
    const told = history(
      STARTED,
      proposed('a', 'show'),
      { type: 'cell_started', cell_id: 'a' },
      printed('a', 'before\n'),
      display('display_data', 'first', 'a'),
      {
        type: 'cell_finished',
        cell_id: 'a',
        status: 'done',
        execution_count: 1
      },
      proposed('b', 'renew', { after: 'a' }),
      { type: 'cell_started', cell_id: 'b' },
      display('update_display_data', 'second', 'b')
    );
    document.adopt(told.slice(0, 7));
    const reloaded = new NotebookDocument(content, 's');
    reloaded.adopt(told);
    expect(content.code('a').outputs.toJSON()).toMatchObject([
      { text: 'before\n' },
      { data: { 'text/plain': 'second' } }
    ]);
    expect(content.code('b').outputs.length).toBe(0);
  });
});

describe('CellOutputs', () => {
  const stream = (text: string): IOPubMessage => ({
    msg_type: 'stream',
    content: { name: 'stdout', text }
  });
  const display = (text: string, id: string): IOPubMessage => ({
    msg_type: 'display_data',
    content: {
      data: { 'text/plain': text },
      metadata: {},
      transient: { display_id: id }
    }
  });

  it('bounds a flood of text, head and tail kept', () => {
    const outputs = new CellOutputs();
    const model = new OutputAreaModel();
    for (let i = 0; i < 30; i += 1) {
      outputs.add(stream(`${i}:${'x'.repeat(99_999)}\n`), model);
    }
    const text = model.toJSON()[0].text as string;
    expect(model.length).toBe(1);
    expect(text.length).toBeLessThan(1_001_000);
    expect(text.startsWith('0:xxx')).toBe(true);
    expect(text).toContain('29:xxx');
    expect(text).toContain('characters left out');
    model.dispose();
  });

  it('bounds the number of outputs and still finds the displays that stay', () => {
    const outputs = new CellOutputs();
    const model = new OutputAreaModel();
    for (let i = 0; i < 1200; i += 1) {
      outputs.add(display(`${i}`, `d${i}`), model);
    }
    const update: IOPubMessage = {
      ...display('renewed', 'd1199'),
      msg_type: 'update_display_data'
    };
    outputs.update(update, model);
    const shown = model
      .toJSON()
      .map(({ data }) => (data as Record<string, string>)['text/plain']);
    expect(shown.length).toBeLessThanOrEqual(501);
    expect(shown[0]).toBe('0');
    expect(shown.filter(text => text.includes('left out'))).toHaveLength(1);
    const left = Number(
      /([\d,]+) outputs/.exec(shown[250])?.[1].replace(',', '')
    );
    expect(left + shown.length - 1).toBe(1200);
    expect(shown[shown.length - 1]).toBe('renewed');
    expect(shown).not.toContain('1199');
  });

  it('leaves alone what the person made of the outputs', () => {
    const outputs = new CellOutputs();
    const model = new OutputAreaModel();
    outputs.add(display('first', 'd'), model);
    model.clear();
    outputs.update(
      { ...display('second', 'd'), msg_type: 'update_display_data' },
      model
    );
    expect(model.length).toBe(0);
  });
});
