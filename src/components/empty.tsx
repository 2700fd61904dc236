import * as React from 'react';

import { usePanel } from './context';

/** What the panel shows before the first task: what this is, and three tasks to try. */
export function EmptyState(): JSX.Element {
  const { model, trans } = usePanel();
  const examples = [
    {
      name: 'penguins',
      title: trans.__('Predict a species'),
      text: trans.__('258 penguins, numbers and words with gaps')
    },
    {
      name: 'concrete',
      title: trans.__('Estimate a strength'),
      text: trans.__('772 mixtures, a number to predict')
    },
    {
      name: 'books',
      title: trans.__('Tell authors apart'),
      text: trans.__('105 excerpts, text to classify')
    }
  ];
  return (
    <div className="jp-Intern-empty">
      <p>
        {trans.__(
          'Give the intern a task: it makes a plan, writes one cell at a time into your notebook, and runs each in your kernel after you approve it.'
        )}
      </p>
      <h3>{trans.__('Try one on shipped data')}</h3>
      {examples.map(({ name, title, text }) => (
        <button
          key={name}
          className="jp-Intern-example"
          onClick={() => void model.attempt(() => model.openExample(name))}
        >
          <b>{title}</b>
          <span className="jp-Intern-dim">{text}</span>
        </button>
      ))}
      <p className="jp-Intern-dim">
        {trans.__(
          'An example copies its data beside your notebook and puts its task below, for you to read and send.'
        )}
      </p>
    </div>
  );
}
