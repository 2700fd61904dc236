import type { CellProposed, RiskClass } from '../protocol';
import { StandingApproval } from '../standing';

function proposed(more: Partial<CellProposed> = {}): CellProposed {
  return {
    run_id: 'run',
    plan_item: 'item',
    risk: ['write'],
    asks: true,
    ...more
  } as CellProposed;
}

describe('StandingApproval', () => {
  let standing: StandingApproval;

  beforeEach(() => {
    window.sessionStorage.clear();
    standing = new StandingApproval('session');
    standing.give(proposed());
  });

  it('covers the same item, as long as it risks no more, after a reload too', () => {
    const reloaded = new StandingApproval('session');
    expect(reloaded.covers(proposed())).toBe(true);
    expect(reloaded.covers(proposed({ risk: ['compute'] }))).toBe(true);
    expect(reloaded.covers(proposed({ risk: ['write', 'network'] }))).toBe(
      false
    );
  });

  it.each<RiskClass[]>([
    ['network'],
    ['credentials'],
    ['publish'],
    ['spend'],
    ['delete', 'outside']
  ])('never covers %s', (...risk) => {
    standing.give(proposed({ risk }));
    expect(standing.covers(proposed({ risk }))).toBe(false);
  });

  it('covers no other item, run or session', () => {
    expect(standing.covers(proposed({ plan_item: 'other' }))).toBe(false);
    expect(standing.covers(proposed({ run_id: 'other' }))).toBe(false);
    expect(new StandingApproval('other').covers(proposed())).toBe(false);
  });

  it('ends when it is withdrawn', () => {
    standing.withdraw();
    expect(standing.covers(proposed())).toBe(false);
    expect(new StandingApproval('session').covers(proposed())).toBe(false);
  });
});
