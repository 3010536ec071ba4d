import { uniform } from '@secagg/testbed/random';
import { always, federated, local, oracle, pooled } from './policies';
import {
  bestOverall,
  halfTime,
  lateRouters,
  makeWorld,
  play,
  type PlayOptions,
  type Policy,
  type Request,
} from './play';
import { readOutcomes } from './read-outcomes';

const header = 'prompt,task,model,score,input_tokens,output_tokens,cost_usd';

/**
 * Two models; `good` is right at every prompt of odd tasks, `other` at every one of even tasks, and each now and then
 * elsewhere.
 */
function known(tasks: number, prompts = 10, elsewhere = 0.2): string {
  const next = uniform(7);
  const rows = Array.from({ length: tasks * prompts }, (_, i) => {
    const task = i % tasks;
    return ['good', 'other'].map((model, m) => {
      const score = task % 2 === 1 - m ? 1 : Number(next() < elsewhere);
      return `p${i},t${task},${model},${score},10,10,${m === 0 ? 0.002 : 0.001}`;
    });
  });
  return [header, ...rows.flat()].join('\n');
}

const options: PlayOptions = { routers: 10, rounds: 4, requests: 10, successWorthUsd: 1000 };
const world = (text: string, others: Partial<PlayOptions> = {}, seed = 1) =>
  makeWorld(readOutcomes(text), { ...options, ...others }, seed);

describe('an oracle', () => {
  it('has no regret, with a known best model and in every timeline', () => {
    const one = world(known(6));
    for (const timeline of ['steady', 'newModel'] as const) {
      const { all, late, secondHalf } = play(one, oracle(one), timeline);
      expect([all.regret, late.regret, secondHalf.regret]).toEqual([0, 0, 0]);
    }
    expect(play(one, oracle(one)).all.success).toBe(1);
  });

  it('weighs success against cost: what is worth little is not paid for', () => {
    const text = [header, 'p,t,dear,1,1,1,0.2', 'p,t,cheap,0.5,1,1,0.1'].join('\n');
    const chosen = (successWorthUsd: number) =>
      play(world(text, { successWorthUsd }), oracle(world(text, { successWorthUsd }))).all.costUsd;
    expect(chosen(0.3)).toBeCloseTo(0.2, 12);
    expect(chosen(0.1)).toBeCloseTo(0.1, 12);
  });
});

it('counts the regret of one model for everything exactly', () => {
  const one = world(known(2, 10, 0));
  const { all } = play(one, always(0));
  // Of each request at task 0, where the other is always right and this one never.
  const [at, requests] = one.requests
    .flat(2)
    .reduce(
      ([bad, total], request) => (request ? [bad + Number(request.task === 0), total + 1] : [bad, total]),
      [0, 0],
    );
  expect(all.regret).toBeCloseTo(at / requests, 4);
  expect(all.success).toBeCloseTo(1 - at / requests, 12);
});

it('asks routers that join late from half-time on, and counts their first round apart', () => {
  const one = world(known(2));
  const asked = new Map<number, number[]>();
  let round = 0;
  const policy: Policy = {
    choose: (router) => {
      asked.set(router, [...(asked.get(router) ?? []), round]);
      return 0;
    },
    roundOver: (seen) => {
      expect(seen.filter((requests) => requests === undefined)).toHaveLength(
        round < halfTime(options) ? lateRouters(options) : 0,
      );
      round++;
    },
  };
  play(one, policy);
  expect(new Set(asked.get(0))).toEqual(new Set([0, 1, 2, 3]));
  expect(new Set(asked.get(9))).toEqual(new Set([2, 3]));
});

it('keeps the best model away before half-time in the timeline of a new one', () => {
  const text = known(3);
  const one = world(text);
  const newcomer = bestOverall(one);
  const there: (readonly number[])[] = [];
  const policy: Policy = { choose: (_router, _request, models) => (there.push(models), models[0]) };
  play(one, policy, 'newModel');
  const early = there.slice(0, 2 * 9 * 10);
  expect(early.every((models) => !models.includes(newcomer))).toBe(true);
  expect(there.slice(2 * 9 * 10).every((models) => models.length === 2)).toBe(true);
  // With one model there is nothing to regret.
  expect(play(one, always(1 - newcomer), 'newModel').all.regret).toBeLessThan(
    play(one, always(1 - newcomer), 'newModel').secondHalf.regret,
  );
});

it('is the same for the same seed, and asks everybody the same whatever they know', () => {
  const text = known(6);
  expect(makeWorld(readOutcomes(text), options, 5).requests).toEqual(
    makeWorld(readOutcomes(text), options, 5).requests,
  );
  expect(makeWorld(readOutcomes(text), options, 5).requests).not.toEqual(
    makeWorld(readOutcomes(text), options, 6).requests,
  );
  const one = world(text);
  const recorded = (choice: number): Request[] => {
    const requests: Request[] = [];
    play(one, { choose: (_router, request) => (requests.push(request), choice) });
    return requests;
  };
  expect(recorded(0)).toEqual(recorded(1));
});

describe('believing', () => {
  // Many tasks and few requests: what a router sees itself is hardly enough.
  const few = world(known(12, 10, 0.6), { requests: 12 });

  it('from own requests alone is worse than from all, and better than taking either model for everything', () => {
    const [alone, together] = [play(few, local(few)), play(few, pooled(few))];
    expect(together.all.regret).toBeLessThan(alone.all.regret);
    expect(together.late.regret).toBeLessThan(alone.late.regret);
    for (const model of [0, 1]) expect(alone.all.regret).toBeLessThan(play(few, always(model)).all.regret);
  });

  it('from rounds with next to no noise is as good as from all requests in the clear', () => {
    const together = play(few, pooled(few)).all.regret;
    const alone = play(few, local(few)).all.regret;
    const rounds = federated(few, 900, 'seed');
    const { regret } = play(few, rounds).all;
    expect(rounds.countNoise()).toBeLessThan(2);
    expect(regret).toBeLessThan((together + alone) / 2);
  });

  it('from rounds is repeatable with a seed', () => {
    const regret = (seed: string) => play(few, federated(few, 20, seed)).all.regret;
    expect(regret('a')).toBe(regret('a'));
    expect(regret('a')).not.toBe(regret('b'));
  });
});
