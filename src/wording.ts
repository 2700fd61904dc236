import type { TranslationBundle } from '@jupyterlab/translation';

import type {
  CellProposed,
  FindingAdded,
  Mode,
  PlanItem,
  RerunCell,
  ReviewFinished,
  RiskClass
} from './protocol';
import type { ICellState } from './reducer';
import { assertNever } from './reducer';
import type { Activity } from './session';

/** How a risk is shown: quiet, worth a look, or dangerous. */
export type RiskLevel = 'quiet' | 'look' | 'danger';

/** How far an item of the plan is. */
export function itemWords(
  status: PlanItem['status'],
  trans: TranslationBundle
): string {
  switch (status) {
    case 'open':
      return trans.__('to do');
    case 'active':
      return trans.__('in work');
    case 'done':
      return trans.__('done');
    case 'skipped':
      return trans.__('skipped');
    default:
      return assertNever(status);
  }
}

/** What a cell may do, in two or three words. */
export function riskWords(risk: RiskClass, trans: TranslationBundle): string {
  switch (risk) {
    case 'compute':
      return trans.__('computes only');
    case 'write':
      return trans.__('writes a file');
    case 'outside':
      return trans.__('leaves this folder');
    case 'delete':
      return trans.__('deletes');
    case 'install':
      return trans.__('installs software');
    case 'shell':
      return trans.__('runs a shell');
    case 'network':
      return trans.__('uses the network');
    case 'credentials':
      return trans.__('touches secrets');
    case 'process':
      return trans.__('starts a process');
    case 'publish':
      return trans.__('publishes');
    case 'spend':
      return trans.__('costs money');
    case 'opaque':
      return trans.__('can not be judged');
    default:
      return assertNever(risk);
  }
}

/** How much attention a risk deserves. */
export function riskLevel(risk: RiskClass): RiskLevel {
  if (risk === 'compute') {
    return 'quiet';
  }
  return risk === 'write' || risk === 'network' ? 'look' : 'danger';
}

/** Why a proposal waits for the person, as sentences without the question before them. */
export function askingReasons(
  proposal: CellProposed,
  trans: TranslationBundle
): string {
  const reasons = proposal.reasons.map(({ line, text }) =>
    line > 0 ? trans.__('line %1 %2', line, text) : text
  );
  return reasons.length > 0
    ? `${reasons.join('; ')}.`
    : trans.__('in Ask mode every cell waits for you.');
}

/** A mode's short name. */
export function modeWords(mode: Mode, trans: TranslationBundle): string {
  switch (mode) {
    case 'ask':
      return trans.__('Ask');
    case 'auto_safe':
      return trans.__('Safe');
    case 'auto':
      return trans.__('Auto');
    default:
      return assertNever(mode);
  }
}

/** What a mode lets run. */
export function modeHelp(mode: Mode, trans: TranslationBundle): string {
  switch (mode) {
    case 'ask':
      return trans.__('Every cell waits for your approval.');
    case 'auto_safe':
      return trans.__(
        'Cells that only compute run at once; writing, deleting, installing and the network ask.'
      );
    case 'auto':
      return trans.__(
        'Everything runs except what always asks, such as deleting or publishing.'
      );
    default:
      return assertNever(mode);
  }
}

/** What a session is doing, in two or three words. */
export function activityWords(
  activity: Activity,
  trans: TranslationBundle
): string {
  switch (activity) {
    case 'idle':
      return trans.__('ready');
    case 'working':
      return trans.__('working');
    case 'waiting':
      return trans.__('waiting for you');
    case 'finished':
      return trans.__('finished');
    case 'failed':
      return trans.__('failed');
    case 'stopped':
      return trans.__('stopped');
    case 'connecting':
      return trans.__('connecting');
    case 'reconnecting':
      return trans.__('reconnecting');
    default:
      return assertNever(activity);
  }
}

/** How grave a finding of the review is. */
export function severityWords(
  severity: FindingAdded['severity'],
  trans: TranslationBundle
): string {
  switch (severity) {
    case 'error':
      return trans.__('error');
    case 'warning':
      return trans.__('warning');
    case 'note':
      return trans.__('note');
    default:
      return assertNever(severity);
  }
}

/** The review in one line. */
export function verdictWords(
  findings: readonly FindingAdded[],
  trans: TranslationBundle
): string {
  const count = (severity: FindingAdded['severity']) =>
    findings.filter(finding => finding.severity === severity).length;
  const [errors, warnings, notes] = [
    count('error'),
    count('warning'),
    count('note')
  ];
  const parts = [
    errors && trans._n('%1 error', '%1 errors', errors),
    warnings && trans._n('%1 warning', '%1 warnings', warnings),
    notes && trans._n('%1 note', '%1 notes', notes)
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : trans.__('No findings');
}

/** What became of a cell that was run again. */
export function rerunWords(
  verdict: RerunCell['verdict'],
  trans: TranslationBundle
): string {
  switch (verdict) {
    case 'same':
      return trans.__('the same');
    case 'tolerance':
      return trans.__('the same within tolerance');
    case 'different':
      return trans.__('different');
    case 'failed':
      return trans.__('failed');
    case 'not_run':
      return trans.__('not run');
    case 'no_record':
      return trans.__('ran; nothing to compare with');
    default:
      return assertNever(verdict);
  }
}

/** How many of the agent's cells are as they were approved; empty where there are none. */
export function standingWords(
  standings: ReviewFinished['standings'],
  trans: TranslationBundle
): string {
  const all = Object.values(standings);
  const count = (standing: string) =>
    all.filter(each => each === standing).length;
  const [approved, changed, unsigned] = [
    count('approved'),
    count('changed'),
    count('unsigned')
  ];
  const parts = [
    approved && trans.__('%1 as approved', approved),
    changed && trans.__('%1 changed by a person since', changed),
    unsigned && trans.__('%1 with an unsigned claim', unsigned)
  ].filter(Boolean);
  return parts.length > 0
    ? trans.__("The agent's cells: %1.", parts.join(', '))
    : '';
}

/** A short time span: `8 ms`, `0.3 s`, `12 s`, `2 min 05 s`. */
export function spanWords(seconds: number, trans: TranslationBundle): string {
  if (seconds < 0.1) {
    return trans.__('%1 ms', Math.round(seconds * 1000));
  }
  if (seconds < 60) {
    const shown = seconds < 10 ? seconds.toFixed(1) : Math.round(seconds);
    return trans.__('%1 s', shown);
  }
  const whole = Math.round(seconds);
  const rest = String(whole % 60).padStart(2, '0');
  return trans.__('%1 min %2 s', Math.floor(whole / 60), rest);
}

/** A running clock: `0:41`, `12:05`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60)];
  const two = (value: number) => String(value % 60).padStart(2, '0');
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole)}`
    : `${minutes}:${two(whole)}`;
}

/** What a cell's line says at its end: its time and the best of its numbers, or how it failed. */
export function cellFacts(cell: ICellState, trans: TranslationBundle): string {
  const { finished, metrics } = cell;
  if (finished === null) {
    return '';
  }
  const facts = [spanWords(finished.seconds, trans)];
  if (cell.status === 'stopped') {
    facts.push(trans.__('stopped'));
  } else if (finished.error) {
    facts.push(finished.error.ename);
  } else if (metrics.length > 0) {
    const { name, value } = metrics[metrics.length - 1];
    facts.push(`${name} ${Number(value.toPrecision(4))}`);
  }
  return facts.join(' · ');
}
