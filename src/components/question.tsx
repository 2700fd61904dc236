import * as React from 'react';

import type { InputRequested } from '../protocol';
import type { SessionModel } from '../session';
import { usePanel } from './context';
import { conversationOf, useContinuedFocus } from './focus';

/** A running cell's `input()`, to be answered here. */
export function QuestionCard(props: {
  question: InputRequested;
  session: SessionModel;
}): JSX.Element {
  const { question, session } = props;
  const { model, trans } = usePanel();
  const [text, setText] = React.useState('');
  const input = React.useRef<HTMLInputElement>(null);
  useContinuedFocus(input, `${question.cell_id} ${question.seq}`);
  const prompt = question.prompt.trim() || trans.__('The cell asks for input.');
  return (
    <form
      className="jp-Intern-card jp-Intern-proposal"
      onSubmit={event => {
        event.preventDefault();
        conversationOf(input.current)?.focus({ preventScroll: true });
        void model.attempt(() => session.answerInput(question.cell_id, text));
      }}
    >
      <h3 className="jp-Intern-cardTitle">
        <span>{trans.__('The running cell asks')}</span>
        <button
          className="jp-Intern-link"
          type="button"
          onClick={() => model.notebook.reveal(question.cell_id)}
        >
          {trans.__('show in notebook ↗')}
        </button>
      </h3>
      <div className="jp-Intern-actions">
        <label className="jp-Intern-question">
          {prompt}
          <input
            ref={input}
            className="jp-Intern-input"
            type={question.password ? 'password' : 'text'}
            autoComplete="off"
            value={text}
            onChange={event => setText(event.target.value)}
          />
        </label>
        <button className="jp-Intern-button jp-mod-go" type="submit">
          {trans.__('Answer')}
        </button>
      </div>
    </form>
  );
}
