import { DAY_MS, epsilonToRho, rhoToBudgetUnits } from '@secagg/dp-noise';
import { scheduleAdvice, type Schedule } from './schedule-advice';

const delta = 1e-6;
const units = (epsilon: number) => rhoToBudgetUnits(epsilonToRho(epsilon, delta));
/** The sample of docs/operations.md as it was: epsilon 0.5 every hour, at the minimum, of 8 in 30 days. */
const hourly: Schedule = {
  budget: { units: units(8), window: { days: 30 } },
  unit: 'request',
  delta,
  chargeUnits: units(0.5),
  costUnits: units(0.5),
  everyMs: 3_600_000,
};

it('says when rounds are refused, and what fits', () => {
  const advice = scheduleAdvice(hourly);
  expect(advice).toMatchObject({ rounds_wanted: 744, rounds_possible: 158 });
  expect(advice?.refused_after_days).toBeCloseTo(158 / 24, 9);
  const { every_hours, even_epsilon, event_epsilon } = advice!.alternatives;
  // Each alternative is one.
  expect(scheduleAdvice({ ...hourly, everyMs: (every_hours as number) * 3_600_000 })).toBeUndefined();
  const evenly = units(even_epsilon as number);
  expect(scheduleAdvice({ ...hourly, chargeUnits: evenly, costUnits: evenly })).toBeUndefined();
  expect(event_epsilon).toBeCloseTo(0.5, 6);
  expect(
    scheduleAdvice({ ...hourly, budget: { ...hourly.budget, units: units(0.5), protects: 'event' } }),
  ).toBeUndefined();
  expect(advice?.text).toBe(
    'a round every 1 h at epsilon 0.5 does not fit the budget of epsilon 8 in 30 days: it has room for 158 of 744 rounds, and the next one is refused 6.6 days after the first. ' +
      'What fits: a round every 4.8 h; or as many rounds at epsilon 0.21 each, as an allocation of kind `horizon` over 744 rounds gives them; ' +
      'or the budget held to single requests (`event`), each protected at epsilon 0.5, with no end of rounds',
  );
});

it.each([1, 3, 10, 30])('offers in words what fits, rounds of epsilon 0.5 every %d hours', (hours) => {
  const everyMs = hours * 3_600_000;
  const text = scheduleAdvice({ ...hourly, budget: { ...hourly.budget, units: units(1.7) }, everyMs })?.text ?? '';
  const budget = { units: units(1.7), window: { days: 30 } };
  const [, every, unit] = /What fits: a round every (\S+) (h|days)/.exec(text) ?? [];
  expect(
    scheduleAdvice({ ...hourly, budget, everyMs: Number(every) * (unit === 'h' ? 3_600_000 : DAY_MS) }),
  ).toBeUndefined();
  const evenly = units(Number(/rounds at epsilon (\S+) each/.exec(text)?.[1]));
  expect(scheduleAdvice({ ...hourly, budget, everyMs, chargeUnits: evenly, costUnits: evenly })).toBeUndefined();
});

it('counts what more routers than the minimum save', () => {
  const cheaper = { ...hourly, costUnits: Math.ceil(hourly.costUnits / 5) };
  expect(scheduleAdvice(cheaper)).toBeUndefined();
});

it('offers a router no `event`, and no window to whom has none', () => {
  expect(scheduleAdvice({ ...hourly, unit: 'router' })?.alternatives.event_epsilon).toBeNull();
  const ever = scheduleAdvice({ ...hourly, budget: { ...hourly.budget, window: 'lifetime' } });
  expect(ever).toMatchObject({
    rounds_wanted: null,
    rounds_possible: 158,
    alternatives: { every_hours: null, even_epsilon: null },
  });
  expect(ever?.text).toContain('for ever: it has room for 158 rounds');
});

it('says when every round is refused', () => {
  const dear = scheduleAdvice({ ...hourly, chargeUnits: units(9) });
  expect(dear).toMatchObject({ rounds_possible: 0, refused_after_days: 0 });
  expect(dear?.text).toBe('a round at epsilon 9 costs more than the whole budget, epsilon 8: every round is refused');
  const limit = scheduleAdvice({ ...hourly, budget: { ...hourly.budget, units: units(0.4), protects: 'event' } });
  expect(limit?.text).toContain('the limit of a request, epsilon 0.4');
});

it('says nothing where the budget lasts', () => expect(scheduleAdvice({ ...hourly, everyMs: DAY_MS })).toBeUndefined());
