import { json, secagg } from '../../test/support/secagg';

interface Plan {
  epsilon: number;
  request_epsilon: number;
  protects: string;
  protected: string;
  budget?: { epsilon: number | null; rounds: number; epsilon_after_all_rounds: number };
  warnings: string[];
}
const plan = async (...args: string[]) => (await json('privacy', 'plan', ...args)) as unknown as Plan;

describe('privacy plan', () => {
  it('plans the noise of a round, cheaper with more participants than the minimum', async () => {
    const figures = await json('privacy', 'plan', '--epsilon', '1', '--min-participants', '5', '--routers', '10');
    expect(figures.epsilon).toBeLessThanOrEqual(1);
    expect(figures.epsilon).toBeGreaterThan(0.999);
    expect(Number(figures.epsilon_with_all_participants)).toBeLessThan(0.75);
  });

  it('plans a budget over the rounds of a window, down to the error of every key', async () => {
    const figures = (await json(
      'privacy',
      'plan',
      '--budget-epsilon',
      '8',
      '--rounds-per-day',
      '4',
      '--budget-days',
      '30',
      '--routers',
      '40',
      '--min-participants',
      '21',
      '--keys',
      '12',
      '--requests',
      '500',
      '--no-cost',
    )) as {
      rho: number;
      rho_with_all_participants: number;
      budget: { rho: number; rounds: number };
      standard_errors: Record<string, number>;
      withheld_below_requests: number;
      noise_per_router: number;
    };
    const { rho, rho_with_all_participants: actual, budget } = figures;
    expect(budget.rounds).toBe(4 * 31);
    // The last round still fits at its worst case, and nothing to speak of is left over.
    const spent = (budget.rounds - 1) * actual + rho;
    expect(spent).toBeLessThanOrEqual(budget.rho);
    expect(spent / budget.rho).toBeGreaterThan(0.9999);
    // A corrupt committee member and another router add no noise.
    expect(actual / rho).toBeCloseTo(19 / 38, 4);
    // Three fields of about 65536 units a request: norm sqrt(3)·65536. rho = norm^2/(2·19·s^2), and 40 shares are added
    // up.
    const share = Math.sqrt((3 * 65536 ** 2) / (2 * 19 * rho));
    expect(figures.noise_per_router / share).toBeCloseTo(1, 3);
    expect(figures.standard_errors.total_samples / ((share * Math.sqrt(40)) / 65536)).toBeCloseTo(1, 3);
    expect(figures.standard_errors.success_rate / ((share * Math.sqrt(40)) / (2 * 65536) / 500)).toBeCloseTo(1, 3);
    expect(figures.withheld_below_requests).toBeCloseTo(5 * figures.standard_errors.total_samples, 9);
  });

  it('counts corrupt committee members that are routers, in the honest quorum and in the smallest group', async () => {
    const quorum = (...args: string[]) => json('privacy', 'plan', '--epsilon', '1', ...args);
    expect(await quorum()).toMatchObject({ min_participants: 5, assumed_colluders: 2, honest_quorum: 3 });
    expect(await quorum('--threshold', '4')).toMatchObject({
      min_participants: 7,
      assumed_colluders: 4,
      honest_quorum: 3,
    });
    const own = await quorum('--threshold', '4', '--separate-committee', '--min-participants', '7');
    expect(own).toMatchObject({ assumed_colluders: 1, honest_quorum: 6 });
  });

  it.each([
    [
      'a budget of nothing but single requests',
      ['--budget-epsilon', '8', '--rounds', '9', '--budget-protects', 'event'],
    ],
    ['two numbers of rounds', ['--epsilon', '1', '--rounds', '9', '--rounds-per-day', '1']],
    ['no cost', []],
    ['a budget for nothing in particular', ['--budget-epsilon', '8']],
    ['nobody honest', ['--epsilon', '1', '--min-participants', '2', '--assumed-colluders', '1']],
    ['too few routers', ['--epsilon', '1', '--routers', '3']],
  ])('does not plan with %s', async (_name, args) => expect((await secagg('privacy', 'plan', ...args)).status).toBe(2));

  // The sample configuration of docs/operations.md as it was: 158 of 744 rounds.
  const hourly = ['--epsilon', '0.5', '--budget-epsilon', '8', '--rounds-per-day', '24', '--budget-days', '30'];

  it('warns of a schedule that its budget does not last for, and says what would fit', async () => {
    const { warnings, budget, protects, protected: what } = await plan(...hourly);
    expect(warnings).toEqual([expect.stringContaining('it has room for 158 of 744 rounds')]);
    expect(warnings[0]).toContain('a round every 4.8 h');
    expect(warnings[0]).toContain('`event`');
    expect(budget?.epsilon_after_all_rounds).toBeGreaterThan(20);
    expect(protects).toBe('window');
    expect(what).toContain('any 30 days');
  });

  it.each([
    ['fewer rounds', ['--epsilon', '0.5', '--budget-epsilon', '8', '--rounds-per-day', '5']],
    ['less for each', ['--epsilon', '0.2', '--budget-epsilon', '8', '--rounds-per-day', '24']],
    ['more routers than the minimum', [...hourly, '--min-participants', '21', '--routers', '121']],
    ['a budget spread over them', ['--budget-epsilon', '8', '--rounds-per-day', '24']],
    ['a budget for fewer', ['--epsilon', '0.5', '--budget-epsilon', '8', '--rounds', '158']],
  ])('does not warn with %s', async (_name, args) => expect((await plan(...args)).warnings).toEqual([]));

  it('warns of too many rounds of a budget that is for ever', async () =>
    expect((await plan('--epsilon', '0.5', '--budget-epsilon', '8', '--rounds', '159')).warnings).toEqual([
      'the budget has room for 158 of 159 rounds; all of them fit at epsilon 0.499 each',
    ]));

  it('has no end of rounds where single requests are protected, and states both figures', async () => {
    const {
      warnings,
      protects,
      protected: what,
      request_epsilon,
      budget,
    } = await plan(...hourly, '--budget-protects', 'event');
    expect(warnings).toEqual([]);
    expect(protects).toBe('event');
    expect(what).toContain('Any single request');
    expect(request_epsilon).toBeCloseTo(0.5, 3);
    expect(budget?.epsilon_after_all_rounds).toBeGreaterThan(20);
    const dear = await plan(
      '--epsilon',
      '9',
      '--budget-epsilon',
      '8',
      '--rounds-per-day',
      '1',
      '--budget-protects',
      'event',
    );
    expect(dear.warnings).toEqual([expect.stringContaining('every round is refused')]);
  });
});
