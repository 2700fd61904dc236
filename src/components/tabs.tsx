import * as React from 'react';

import { usePanel } from './context';

const NAMES = ['run', 'scoreboard'] as const;

/** What the panel shows. */
export type TabName = (typeof NAMES)[number];

/** Run and scoreboard; the arrow keys move between them. */
export function Tabs(props: {
  chosen: TabName;
  onChoose: (tab: TabName) => void;
}): JSX.Element {
  const { trans } = usePanel();
  const words: Record<TabName, string> = {
    run: trans.__('Run'),
    scoreboard: trans.__('Scoreboard')
  };
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>) => {
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const other = props.chosen === 'run' ? 'scoreboard' : 'run';
      event.preventDefault();
      event.currentTarget
        .querySelector<HTMLElement>(`[data-tab='${other}']`)
        ?.focus();
      props.onChoose(other);
    }
  };
  return (
    <div className="jp-Intern-tabs" role="tablist" onKeyDown={onKeyDown}>
      {NAMES.map(name => (
        <button
          key={name}
          role="tab"
          data-tab={name}
          aria-selected={props.chosen === name}
          tabIndex={props.chosen === name ? 0 : -1}
          onClick={() => props.onChoose(name)}
        >
          {words[name]}
        </button>
      ))}
    </div>
  );
}
