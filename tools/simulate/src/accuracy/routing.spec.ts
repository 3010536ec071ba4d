import { RoutingJudge } from './routing';

const entry = (success_rate: number, cost_efficiency: number) => ({
  success_rate,
  avg_latency: 1,
  total_samples: 100,
  cost_efficiency,
});

/** Rates of the cheap and the dear model by task. */
const signals = (rates: Record<string, [cheap: number | undefined, dear: number | undefined]>) =>
  Object.fromEntries(
    Object.entries(rates).flatMap(([task, [cheap, dear]]) => [
      ...(cheap === undefined ? [] : [[`z-cheap:${task}`, entry(cheap, 1e-6)] as const]),
      ...(dear === undefined ? [] : [[`dear:${task}`, entry(dear, 1e-5)] as const]),
    ]),
  );

const judge = new RoutingJudge(signals({ a: [0.5, 0.9], b: [0.8, 0.85], c: [0.7, 0.6], d: [0.4, 0.45] }));

it('gives the truth full marks', () => {
  const truth = signals({ a: [0.5, 0.9], b: [0.8, 0.85], c: [0.7, 0.6], d: [0.4, 0.45] });
  expect(judge.judge('better', truth)).toEqual({ tasks: 4, decided: 4, right: 4 });
  expect(judge.judge('cheap_enough', truth)).toEqual({ tasks: 4, decided: 4, right: 4 });
});

it('counts a swapped order as wrong for one rule and not for the other', () => {
  const swapped = signals({ a: [0.5, 0.9], b: [0.86, 0.85], c: [0.7, 0.6], d: [0.4, 0.45] });
  expect(judge.judge('better', swapped).right).toBe(3);
  expect(judge.judge('cheap_enough', swapped).right).toBe(4);
});

it('decides nothing where a model is withheld, and then is not right', () => {
  expect(judge.judge('better', signals({ a: [undefined, 0.9], b: [0.8, 0.85], d: [0.4, undefined] }))).toEqual({
    tasks: 4,
    decided: 1,
    right: 1,
  });
  expect(judge.judge('better', {})).toEqual({ tasks: 4, decided: 0, right: 0 });
});

it('knows how far one model for everything gets', () => {
  expect(judge.bestConstant('better')).toBe(3);
  expect(judge.bestConstant('cheap_enough')).toBe(3);
});
