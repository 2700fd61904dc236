import { nullTranslator } from '@jupyterlab/translation';

import type { CellProposed } from '../protocol';
import { askingReasons, clock, spanWords } from '../wording';

const trans = nullTranslator.load('');

describe('clock', () => {
  it.each([
    [0, '0:00'],
    [41.9, '0:41'],
    [725, '12:05'],
    [3723, '1:02:03'],
    [-3, '0:00']
  ])('shows %d s as %s', (seconds, shown) => {
    expect(clock(seconds)).toBe(shown);
  });
});

describe('spanWords', () => {
  it.each([
    [0.0384, '38 ms'],
    [0.31, '0.3 s'],
    [12.4, '12 s'],
    [125, '2 min 05 s']
  ])('shows %d s as %s', (seconds, shown) => {
    expect(spanWords(seconds, trans)).toBe(shown);
  });
});

describe('askingReasons', () => {
  it('names the lines', () => {
    const proposal = {
      reasons: [
        { risk: 'write', line: 4, text: 'writes a.csv in this folder' },
        { risk: 'opaque', line: 0, text: 'the cell can not be read' }
      ]
    } as unknown as CellProposed;
    expect(askingReasons(proposal, trans)).toBe(
      'line 4 writes a.csv in this folder; the cell can not be read.'
    );
  });
});
