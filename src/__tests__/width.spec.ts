import { SplitPanel, Widget } from '@lumino/widgets';

import { widenOnce } from '../width';

/** Three parts beside each other, as in JupyterLab's window; jsdom has no layout, so widths are told. */
function windowOf(width: number, panelWidth: number): [SplitPanel, Widget] {
  const split = new SplitPanel({ orientation: 'horizontal' });
  const panel = new Widget();
  split.addWidget(new Widget());
  split.addWidget(new Widget());
  split.addWidget(panel);
  split.setRelativeSizes([0.2, 0.6, 0.2]);
  const tell = (node: HTMLElement, value: number) =>
    Object.defineProperty(node, 'clientWidth', { value });
  tell(split.node, width);
  tell(panel.node, panelWidth);
  return [split, panel];
}

const rounded = (split: SplitPanel): number[] =>
  split.relativeSizes().map(size => Number(size.toFixed(3)));

describe('widenOnce', () => {
  beforeEach(() => window.localStorage.clear());

  it('takes what is missing from the notebook, once', () => {
    const [split, panel] = windowOf(1500, 300);
    widenOnce(panel);
    expect(rounded(split)).toEqual([0.2, 0.533, 0.267]);
    split.setRelativeSizes([0.2, 0.6, 0.2]);
    widenOnce(panel);
    expect(rounded(split)).toEqual([0.2, 0.6, 0.2]);
  });

  it('leaves a narrow window alone, and widens in the next wide one', () => {
    const [narrow, panel] = windowOf(500, 250);
    widenOnce(panel);
    expect(rounded(narrow)).toEqual([0.2, 0.6, 0.2]);
    const [wide, other] = windowOf(1500, 300);
    widenOnce(other);
    expect(rounded(wide)[2]).toBeGreaterThan(0.2);
  });

  it('leaves a panel alone that is wide enough', () => {
    const [split, panel] = windowOf(1500, 450);
    widenOnce(panel);
    expect(rounded(split)).toEqual([0.2, 0.6, 0.2]);
  });
});
