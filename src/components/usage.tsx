import * as React from 'react';

import type { IRunState } from '../reducer';
import { usePanel } from './context';

/** What a run's turns of the model took: in a line, and one by one when that is opened. */
export function Usage(props: { run: IRunState }): JSX.Element | null {
  const { turns } = props.run;
  const { trans } = usePanel();
  const last = turns[turns.length - 1];
  if (last === undefined) {
    return null;
  }
  const sum = (of: 'input_tokens' | 'output_tokens') =>
    turns.reduce((total, turn) => total + turn[of], 0);
  const costs = turns.flatMap(({ cost }) => (cost === null ? [] : [cost]));
  const cost = costs.reduce((total, each) => total + each, 0);
  const words = [
    trans.__(
      '%1 tokens',
      (sum('input_tokens') + sum('output_tokens')).toLocaleString()
    )
  ];
  if (costs.length > 0) {
    words.push(dollars(cost));
  }
  if (last.tokens_per_second !== null) {
    words.push(trans.__('%1 tokens/s', last.tokens_per_second.toFixed(0)));
  }
  return (
    <details className="jp-Intern-usage">
      <summary title={trans.__('What each turn of the model took')}>
        {words.join(' · ')}
      </summary>
      <div>
        <table>
          <thead>
            <tr>
              <th>{trans.__('Turn')}</th>
              <th>{trans.__('Read')}</th>
              <th>{trans.__('Written')}</th>
              <th title={trans.__('Seconds until the first token')}>
                {trans.__('First')}
              </th>
              <th title={trans.__('Tokens a second, once it wrote')}>
                {trans.__('Tokens/s')}
              </th>
              <th>{trans.__('Time')}</th>
              {costs.length > 0 && <th>{trans.__('Cost')}</th>}
            </tr>
          </thead>
          <tbody>
            {turns.map(turn => (
              <tr key={turn.seq}>
                <td>{turn.step === 0 ? trans.__('plan') : turn.step}</td>
                <td>{turn.input_tokens.toLocaleString()}</td>
                <td>{turn.output_tokens.toLocaleString()}</td>
                <td>{seconds(turn.first_token_seconds)}</td>
                <td>{turn.tokens_per_second?.toFixed(1) ?? '–'}</td>
                <td>{seconds(turn.seconds)}</td>
                {costs.length > 0 && (
                  <td>{turn.cost === null ? '–' : dollars(turn.cost)}</td>
                )}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <td>{trans.__('all')}</td>
              <td>{sum('input_tokens').toLocaleString()}</td>
              <td>{sum('output_tokens').toLocaleString()}</td>
              <td />
              <td />
              <td>
                {seconds(
                  turns.reduce((total, turn) => total + turn.seconds, 0)
                )}
              </td>
              {costs.length > 0 && <td>{dollars(cost)}</td>}
            </tr>
          </tfoot>
        </table>
      </div>
    </details>
  );
}

function seconds(value: number | null): string {
  return value === null ? '–' : `${value.toFixed(1)} s`;
}

/** Small amounts keep the digits that tell them apart. */
function dollars(value: number): string {
  return `$${value.toFixed(value < 0.1 ? 4 : 2)}`;
}
