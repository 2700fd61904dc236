import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { Allowances } from './components/allowances';
import { Composer } from './components/composer';
import {
  PanelProvider,
  usePanel,
  type IPanelContext
} from './components/context';
import { EmptyState } from './components/empty';
import { Header } from './components/header';
import { Review } from './components/review';
import { RunView } from './components/run';
import { Scoreboard } from './components/scoreboard';
import { Tabs } from './components/tabs';
import { PROTOCOL_VERSION } from './protocol';
import type { ISessionState } from './reducer';
import { widenOnce } from './width';

/** So close to its end, in pixels, the conversation follows what is added. */
const FOLLOW_WITHIN = 40;

/** The ML intern's side panel. */
export class InternPanel extends ReactWidget {
  constructor(private readonly context: IPanelContext) {
    super();
    this.addClass('jp-Intern');
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.widen();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.widen();
  }

  private widen(): void {
    // JupyterLab lays its sidebars out in a message of its own, after this.
    requestAnimationFrame(() => {
      if (this.isVisible) {
        widenOnce(this);
      }
    });
  }

  protected override render(): JSX.Element {
    return (
      <PanelProvider value={this.context}>
        <UseSignal signal={this.context.model.changed}>
          {() => <PanelView />}
        </UseSignal>
      </PanelProvider>
    );
  }
}

function PanelView(): JSX.Element {
  const { model } = usePanel();
  const obstacle = useObstacle();
  return (
    <>
      <Header />
      <Tabs />
      {model.tab === 'review' && (
        <div className="jp-Intern-conversation" role="tabpanel">
          <Review />
          <Failure />
        </div>
      )}
      {model.tab === 'scoreboard' && <Scoreboard session={model.current} />}
      {model.tab === 'run' && (
        <Conversation>
          {obstacle}
          {!obstacle &&
            (model.current?.state.runs.length ? <Runs /> : <EmptyState />)}
          <Failure />
        </Conversation>
      )}
      {model.current && <Allowances session={model.current} />}
      {model.notebook.problem && (
        <div className="jp-Intern-hint" role="status">
          {model.notebook.problem}
        </div>
      )}
      <Composer disabled={obstacle !== null} />
    </>
  );
}

/** Why nothing can be done here at all, with what to do about it; null where all is well. */
function useObstacle(): JSX.Element | null {
  const { model, trans } = usePanel();
  const { language } = model.notebook;
  const protocol = model.current?.state.protocol ?? PROTOCOL_VERSION;
  if (model.problem !== null || protocol !== PROTOCOL_VERSION) {
    return (
      <div className="jp-Intern-notice jp-mod-error" role="alert">
        <span>
          {model.problem ??
            trans.__("The server's half was updated. Reload this page.")}
        </span>
        <button
          className="jp-Intern-button"
          onClick={() => void model.refresh()}
        >
          {trans.__('Try again')}
        </button>
      </div>
    );
  }
  if (language !== '' && language !== 'python') {
    return (
      <div className="jp-Intern-notice jp-mod-error" role="alert">
        {trans.__(
          'This notebook is written in %1. The ML intern writes and runs Python only: open a notebook with a Python kernel.',
          language
        )}
      </div>
    );
  }
  return null;
}

function Runs(): JSX.Element | null {
  const { model } = usePanel();
  const session = model.current;
  return (
    session && (
      <>
        {session.state.runs.map(run => (
          <RunView key={run.runId} run={run} session={session} />
        ))}
      </>
    )
  );
}

/** Why the person's last request failed. */
function Failure(): JSX.Element | null {
  const { model, trans } = usePanel();
  return model.failure === null ? null : (
    <div className="jp-Intern-notice jp-mod-error" role="alert">
      <span>{model.failure}</span>
      <button
        className="jp-Intern-icon"
        title={trans.__('Dismiss')}
        aria-label={trans.__('Dismiss')}
        onClick={() => model.dismiss()}
      >
        ×
      </button>
    </div>
  );
}

/** The scrolled part; it follows its end unless the person has scrolled up to read. */
function Conversation(props: { children: React.ReactNode }): JSX.Element {
  const { model, trans } = usePanel();
  const node = React.useRef<HTMLDivElement>(null);
  const follows = React.useRef(true);
  const state: ISessionState | undefined = model.current?.state;

  React.useLayoutEffect(() => {
    follows.current = true;
  }, [model.current]);
  React.useEffect(() => {
    const element = node.current;
    if (element === null) {
      return undefined;
    }
    const follow = () => {
      if (follows.current) {
        element.scrollTop = element.scrollHeight;
      }
    };
    follow();
    // Code and prose get their height a little later.
    const observer = new ResizeObserver(follow);
    Array.from(element.children).forEach(child => observer.observe(child));
    return () => observer.disconnect();
  }, [state, model.failure]);

  return (
    <div
      ref={node}
      className="jp-Intern-conversation"
      role="log"
      tabIndex={-1}
      aria-label={trans.__('Conversation')}
      onScroll={event => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        follows.current =
          scrollHeight - scrollTop - clientHeight < FOLLOW_WITHIN;
      }}
    >
      {props.children}
    </div>
  );
}
