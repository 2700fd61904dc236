import * as React from 'react';

import { TABS, type Tab } from '../model';
import { openFindings } from '../reducer';
import { usePanel } from './context';

/** Run, scoreboard and review; the arrow keys move between them. */
export function Tabs(): JSX.Element {
  const { model, trans } = usePanel();
  const review = model.current?.state.review;
  const found = review ? openFindings(review).length : 0;
  const words: Record<Tab, string> = {
    run: trans.__('Run'),
    scoreboard: trans.__('Scoreboard'),
    review: found ? `${trans.__('Review')} ${found}` : trans.__('Review')
  };
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>) => {
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const step = event.key === 'ArrowLeft' ? TABS.length - 1 : 1;
      const next = TABS[(TABS.indexOf(model.tab) + step) % TABS.length];
      event.preventDefault();
      event.currentTarget
        .querySelector<HTMLElement>(`[data-tab='${next}']`)
        ?.focus();
      model.showTab(next);
    }
  };
  return (
    <div className="jp-Intern-tabs" role="tablist" onKeyDown={onKeyDown}>
      {TABS.map(name => (
        <button
          key={name}
          role="tab"
          data-tab={name}
          aria-selected={model.tab === name}
          tabIndex={model.tab === name ? 0 : -1}
          onClick={() => model.showTab(name)}
        >
          {words[name]}
        </button>
      ))}
    </div>
  );
}
