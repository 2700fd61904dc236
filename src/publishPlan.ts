import type { CellOutput } from './protocol';
import type { IRunState } from './reducer';

/** What a cell's `publish.plan` displayed: data of a cell, shown and never obeyed. */
export interface IPublishPlan {
  /** Eight characters that stand for this plan alone; the push names them. */
  readonly number: string;
  readonly address: string;
  readonly kind: string;
  readonly private: boolean;
  readonly licence: string;
  readonly files: readonly {
    readonly path: string;
    readonly size: number;
    readonly state: string;
  }[];
  readonly file_count: number;
  /** Bytes that would be sent. */
  readonly size: number;
  readonly blocks: readonly string[];
  readonly notes: readonly string[];
}

const MIME = 'application/vnd.ml-intern.publish+json';

/** The plan that a cell's output carries; null where it carries none that can be read. */
export function planIn(event: CellOutput): IPublishPlan | null {
  const data = event.message.content['data'] as
    Record<string, unknown> | undefined;
  const plan = data?.[MIME] as Partial<IPublishPlan> | undefined;
  const readable =
    typeof plan?.number === 'string' &&
    typeof plan.address === 'string' &&
    typeof plan.private === 'boolean' &&
    typeof plan.size === 'number' &&
    [plan.files, plan.blocks, plan.notes].every(Array.isArray);
  return readable ? (plan as IPublishPlan) : null;
}

/** The plan that a cell is about to push: the one whose number its source names; null where it names none. */
export function plannedBy(
  source: string,
  runs: readonly IRunState[]
): IPublishPlan | null {
  const plans = runs.flatMap(run => [...run.plans.values()]);
  return plans.find(plan => source.includes(plan.number)) ?? null;
}
