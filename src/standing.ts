import type { CellProposed, RiskClass } from './protocol';

/**
 * What an approval given beforehand never covers: deleting elsewhere, and whatever could carry something out, which a
 * stranger's words in an output may have put into the model's mouth.
 */
function alwaysAsks(risk: readonly RiskClass[]): boolean {
  return (
    (risk.includes('delete') && risk.includes('outside')) ||
    risk.some(each =>
      ['network', 'credentials', 'publish', 'spend'].includes(each)
    )
  );
}

/** Which cells of a plan's item the person approved beforehand. */
interface IGiven {
  readonly runId: string;
  readonly planItem: string;
  readonly risk: readonly RiskClass[];
}

/**
 * A person's approval of what follows for one item of the plan, as long as it risks no more.
 *
 * The browser keeps it for this tab alone: it survives a reload, and no notebook file can bring one along.
 */
export class StandingApproval {
  constructor(
    sessionId: string,
    private readonly storage: Storage = window.sessionStorage
  ) {
    this.key = `ml-intern:standing:${sessionId}`;
  }

  /** Approve what follows `proposal` for the same item. */
  give({ run_id, plan_item, risk }: CellProposed): void {
    const given: IGiven = {
      runId: run_id,
      planItem: plan_item,
      risk: ['compute', ...risk]
    };
    this.storage.setItem(this.key, JSON.stringify(given));
  }

  /** From now on every cell is asked about again. */
  withdraw(): void {
    this.storage.removeItem(this.key);
  }

  /** Whether the person has approved this proposal beforehand. */
  covers(proposal: CellProposed): boolean {
    const text = this.storage.getItem(this.key);
    if (text === null) {
      return false;
    }
    const { runId, planItem, risk } = JSON.parse(text) as IGiven;
    return (
      proposal.asks &&
      !alwaysAsks(proposal.risk) &&
      runId === proposal.run_id &&
      planItem === proposal.plan_item &&
      proposal.risk.every(each => risk.includes(each))
    );
  }

  private readonly key: string;
}
