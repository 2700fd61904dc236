import type { IRenderMime } from '@jupyterlab/rendermime';
import { Signal } from '@lumino/signaling';

import type { NotebookPanel } from '../notebookTracker';
import { drawWidgets } from '../widgets';
import { Content } from './content';

const VIEW = 'application/vnd.jupyter.widget-view+json';
const OWN = 'this page';

let content: Content;
let kernel: Signal<object, object>;
/** The cells one of whose outputs was drawn anew, with the output's place. */
let drawn: [string, number][];

function display(id: string): IRenderMime.IMimeModel['data'] {
  return { [VIEW]: { model_id: id }, 'text/plain': 'a slider' };
}

/** The kernel says something, to a request of `session`. */
function say(
  session: string,
  msg_type: string,
  data: object | undefined
): void {
  kernel.emit({
    header: { msg_type },
    parent_header: { session },
    content: { data, metadata: {} }
  });
}

beforeEach(() => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  content = new Content();
  drawn = [];
  kernel = new Signal<object, object>({});
  content.sharedModel.insertCells(0, [
    { cell_type: 'markdown', id: 'text', source: '# Text' },
    { cell_type: 'code', id: 'one', source: '1' },
    { cell_type: 'code', id: 'two', source: '2' }
  ]);
  for (const id of ['one', 'two']) {
    const { outputs } = content.code(id);
    outputs.add({ output_type: 'stream', name: 'stdout', text: 'before\n' });
    outputs.add({
      output_type: 'display_data',
      data: display(`slider of ${id}`) as never,
      metadata: {}
    });
    outputs.changed.connect((_, { type, newIndex }) => {
      if (type === 'set') {
        drawn.push([id, newIndex]);
      }
    });
  }
  drawWidgets({
    content: { widgets: content.cells.map(model => ({ model })) },
    sessionContext: {
      iopubMessage: kernel,
      session: { kernel: { clientId: OWN } }
    }
  } as unknown as NotebookPanel);
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('drawWidgets', () => {
  it.each(['display_data', 'update_display_data', 'execute_result'])(
    'draws a widget again once the page’s own connection tells of its display: %s',
    msg_type => {
      const before = content.code('two').outputs.toJSON();
      say('server', msg_type, display('slider of two'));
      expect(drawn).toEqual([['two', 1]]);
      expect(content.code('two').outputs.toJSON()).toEqual(before);
    }
  );

  it('leaves alone what the page itself asked for, which JupyterLab draws', () => {
    say(OWN, 'display_data', display('slider of two'));
    expect(drawn).toEqual([]);
  });

  it('leaves everything alone for a widget that no cell shows, and for what shows none', () => {
    say('server', 'display_data', display('another'));
    say('server', 'display_data', { 'text/plain': 'no widget' });
    say('server', 'display_data', { [VIEW]: 'not an object' });
    say('server', 'stream', undefined);
    expect(drawn).toEqual([]);
  });
});
