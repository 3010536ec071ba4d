import { choose, type Evidence, type Knowledge, noisyEvidence, stronger, Tally } from './evidence';
import { EPSILONS, routingReport } from './scenario';
import { makeWorld, MODELS } from './world';

const knows =
  (entries: Readonly<Record<number, Evidence>>): Knowledge =>
  (model) =>
    entries[model];

describe('choosing a model', () => {
  it('goes by the rate, unless hardly anything stands behind it', () => {
    expect(choose(0, knows({ 2: { rate: 0.9, requests: 100 }, 3: { rate: 0.8, requests: 1e6 } }))).toBe(2);
    expect(choose(0, knows({ 2: { rate: 1, requests: 0.5 }, 3: { rate: 0.95, requests: 1000 } }))).toBe(3);
  });

  it('tries an unknown model rather than one that is known to be bad', () => {
    expect(choose(0, knows({ 0: { rate: 0.3, requests: 50 } }))).toBe(1);
  });

  it('believes a noisy mean less than an exact one, and an exact one fully', () => {
    expect(noisyEvidence(0.8, 100, 0)).toEqual({ rate: 0.8, requests: 100 });
    expect(noisyEvidence(0.8, 100, 0.1).requests).toBeLessThan(20);
  });

  it('takes the stronger evidence', () => {
    const both = stronger(
      knows({ 0: { rate: 0.1, requests: 5 } }),
      knows({ 0: { rate: 0.9, requests: 50 }, 1: { rate: 0.5, requests: 1 } }),
    );
    expect(both(0, 0)?.rate).toBe(0.9);
    expect(both(1, 0)?.rate).toBe(0.5);
    expect(both(2, 0)).toBeUndefined();
  });

  it('counts what was seen', () => {
    const tally = new Tally();
    for (const success of [true, true, false, true]) tally.add({ model: MODELS - 1, task: 3, success });
    expect(tally.know(MODELS - 1, 3)).toEqual({ rate: 0.75, requests: 4 });
    expect(tally.know(MODELS - 1, 2)).toBeUndefined();
  });
});

describe('routing scenario', () => {
  it('is the same world for everybody', () => {
    expect(makeWorld(5, 2, 3, 4)).toEqual(makeWorld(5, 2, 3, 4));
    expect(makeWorld(5, 2, 3, 4).rates).not.toEqual(makeWorld(6, 2, 3, 4).rates);
  });

  it('gives a regret for every way of knowing; sharing in the clear beats keeping to oneself', () => {
    const { checked, regret, requests } = routingReport({
      routers: 24,
      rounds: 5,
      requestsPerRouter: 20,
      worlds: 1,
      seed: 'test',
    });
    expect(checked).toBe(true);
    expect(requests).toBe(24 * 5 * 20);
    expect(
      Object.keys(regret.federated)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([...EPSILONS]);
    for (const value of [regret.local, regret.pooled, ...Object.values(regret.federated)]) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(0.5);
    }
    expect(regret.pooled).toBeLessThan(regret.local);
  });
});
