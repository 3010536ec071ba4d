/** Committees of every recommended size, with as many members away as each stands, and with one more. */
import { tolerance } from '@secagg/crypto';
import { committees, presentIn, quietFleet, Scenario } from './support/scenario';

const contributors = ({ fleet }: Scenario) => fleet.routers.slice(0, 4);

describe.each(committees)('a $threshold-of-$size committee', ({ size, threshold, absent }) => {
  const start = () => {
    const scenario = new Scenario(quietFleet(size, threshold, Math.max(size, 4)));
    return scenario.contribute(contributors(scenario));
  };
  /** The first members are away: those that pieces are assigned to first. */
  const split = (scenario: Scenario, away: number) => ({
    away: scenario.fleet.members.slice(0, away),
    here: scenario.fleet.members.slice(away),
  });

  it('opens the exact sum with everybody there', () => {
    const scenario = start().finish();
    scenario.expectExactly(contributors(scenario));
  });

  it('states how many may be away', () => expect(tolerance(size, threshold).absent).toBe(absent));

  if (absent > 0) {
    it(`opens it with ${absent} away since before the reports`, () => {
      const scenario = start();
      scenario.finish(split(scenario, absent).here).expectExactly(contributors(scenario));
    });

    it(`opens it with ${absent} going away after their reports`, () => {
      const scenario = start();
      const { away, here } = split(scenario, absent);
      scenario
        .finish([...away.map((member) => presentIn(scenario, member, 'checking')), ...here])
        .expectExactly(contributors(scenario));
    });

    it(`opens it with ${absent} going away between ready and their answers`, () => {
      const scenario = start();
      const { away, here } = split(scenario, absent);
      scenario
        .finish([...away.map((member) => presentIn(scenario, member, 'checking', 'voting')), ...here])
        .expectExactly(contributors(scenario));
    });
  }

  it('opens nothing with one more away, and says so', () => {
    const scenario = start();
    const { here } = split(scenario, absent + 1);
    scenario.finish(here);
    expect(scenario.round.decision).toBeUndefined();
    expect(scenario.round.answers.size).toBe(0);
    expect(scenario.round.phase).toBe('undecided');
  });

  it('opens nothing while one more is away after the decision, and goes on when they are back', () => {
    const scenario = start();
    const { away, here } = split(scenario, absent + 1);
    scenario.finish([...away.map((member) => presentIn(scenario, member, 'checking', 'voting')), ...here]);
    expect(scenario.round.phase).toBe('answering');
    scenario.finish(away).expectExactly(contributors(scenario));
  });
});
