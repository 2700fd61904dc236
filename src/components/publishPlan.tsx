import * as React from 'react';

import { plannedBy } from '../publishPlan';
import type { SessionModel } from '../session';
import { usePanel } from './context';

/** What a cell that publishes would send, as far as a plan that it names tells. */
export function PublishPlan(props: {
  source: string;
  session: SessionModel;
}): JSX.Element {
  const { trans } = usePanel();
  const { runs } = props.session.state;
  const plan = React.useMemo(
    () => plannedBy(props.source, runs),
    [props.source, runs]
  );
  if (plan === null) {
    return (
      <p className="jp-Intern-why">
        {trans.__(
          'The cell names no plan that was shown, so what it would send can not be told here.'
        )}
      </p>
    );
  }
  return (
    <div className="jp-Intern-publish">
      <p>
        <b>{plan.private ? trans.__('Private') : trans.__('PUBLIC')}</b>
        {` · ${plan.address} · `}
        {plan.licence || trans.__('no licence')}
      </p>
      <table className="jp-Intern-scores">
        <tbody>
          {plan.files.map(file => (
            <tr key={file.path}>
              <td>{file.path}</td>
              <td>{trans.__('%1 bytes', file.size.toLocaleString())}</td>
              <td>{file.state}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {plan.file_count > plan.files.length && (
        <p>{trans.__('… and %1 more', plan.file_count - plan.files.length)}</p>
      )}
      {[...plan.blocks, ...plan.notes].map(words => (
        <p key={words} className="jp-Intern-dim">
          {words}
        </p>
      ))}
    </div>
  );
}
