import { PathExt } from '@jupyterlab/coreutils';
import { MenuSvg } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../tokens';
import { activity } from '../session';
import { activityWords } from '../wording';
import { usePanel } from './context';

/** Whose panel this is, which notebook it follows, and what is going on. */
export function Header(): JSX.Element {
  const { model, trans } = usePanel();
  const { path, kernelName } = model.notebook;
  const doing = activity(model.current);
  const where = path === null ? '' : PathExt.basename(path);
  return (
    <header className="jp-Intern-head">
      <b>{trans.__('ML Intern')}</b>
      <span className="jp-Intern-where" title={path ?? ''}>
        {kernelName && where ? `${where} · ${kernelName}` : where}
      </span>
      <span className={`jp-Intern-state jp-mod-${doing}`} role="status">
        <span className="jp-Intern-dot" />
        {activityWords(doing, trans)}
      </span>
      <MenuButton />
    </header>
  );
}

function MenuButton(): JSX.Element {
  const { model, commands, trans } = usePanel();
  const open = (event: React.MouseEvent<HTMLElement>) => {
    const menu = new MenuSvg({ commands });
    const separator = { type: 'separator' as const };
    menu.addItem({ command: CommandIDs.newSession });
    if (model.sessions.length > 0) {
      menu.addItem(separator);
      model.sessions.slice(0, 10).forEach(session =>
        menu.addItem({
          command: CommandIDs.openSession,
          args: { session_id: session.session_id }
        })
      );
      menu.addItem(separator);
    }
    menu.addItem({ command: CommandIDs.review });
    menu.addItem({ command: CommandIDs.undoRun });
    menu.addItem({ command: CommandIDs.deleteSession });
    menu.aboutToClose.connect(() =>
      requestAnimationFrame(() => menu.dispose())
    );
    const { right, bottom } = event.currentTarget.getBoundingClientRect();
    menu.open(right, bottom, { horizontalAlignment: 'right' });
  };
  return (
    <button
      className="jp-Intern-icon"
      title={trans.__('More')}
      aria-label={trans.__('More')}
      aria-haspopup="menu"
      onClick={open}
    >
      ⋯
    </button>
  );
}
