import * as React from 'react';

import type { IRunState } from '../reducer';
import type { SessionModel } from '../session';
import { clock } from '../wording';

/** How long a run works or worked, ticking by itself. */
export function Elapsed(props: {
  run: IRunState;
  session: SessionModel;
}): JSX.Element {
  const { run, session } = props;
  const [, tick] = React.useReducer((count: number) => count + 1, 0);
  const running = run.ended === null;

  React.useEffect(() => {
    if (!running) {
      return undefined;
    }
    const timer = window.setInterval(tick, 1000);
    return () => window.clearInterval(timer);
  }, [running]);

  const seconds = (run.ended ?? session.now()) - run.started;
  return <span className="jp-Intern-elapsed">{clock(seconds)}</span>;
}
