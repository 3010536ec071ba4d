import { type PublishedResult } from '@secagg/protocol';
import { UnsafeDraw } from '@secagg/testbed/random';
import { attribute } from './attribute';
import { Backlog, type Batch } from './backlog';

const routers = ['router-0', 'router-1'];
const resultWith = (counts: Record<string, number>, participants = routers): PublishedResult =>
  ({
    participants,
    signal: {
      reward_signals: Object.fromEntries(
        Object.entries(counts).map(([key, total_samples]) => [key, { total_samples }]),
      ),
    },
  }) as unknown as PublishedResult;

describe('batches in a published round', () => {
  let backlog: Backlog;
  let batches: Batch[];
  beforeEach(() => {
    backlog = new Backlog();
    batches = routers.map((router) => backlog.draw(new UnsafeDraw(router), router, [10, 10]) as Batch);
    for (const batch of batches) batch.acknowledged = true;
  });
  const both = { 'router-0:s0': 10, 'router-1:s0': 10 };
  const judge = (result: PublishedResult, round = 1, due = batches) =>
    attribute('exact', backlog, routers, round, result, due);

  it('are each in one round', () => {
    expect(judge(resultWith(both))).toEqual({ included: batches, problems: [] });
    expect(batches.map(({ publishedIn }) => publishedIn)).toEqual([1, 1]);
    expect(judge(resultWith({}), 2, [])).toEqual({ included: [], problems: [] });
  });

  it.each([
    ['twice', both, undefined, /though an earlier round has published them/],
    ['in part', { 'router-0:s0': 9 }, ['router-0'], /9 observations of batch router-0-0/],
    ['and one more', { 'router-0:s0': 11 }, ['router-0'], /11 observations of batch router-0-0/],
    ['of a router that is not in the round', both, ['router-0'], /router-1 did not take part/],
    [
      'not, though acknowledged before',
      { 'router-0:s0': 10 },
      undefined,
      /router-1-\d+ had been acknowledged before round 1, and is not in it/,
    ],
  ])('are found to be published %s', (what, counts, participants, problem) => {
    if (what === 'twice') judge(resultWith(both));
    const { problems } = judge(
      resultWith(counts, participants),
      1,
      what === 'not, though acknowledged before' ? batches : [],
    );
    expect(problems.join('\n')).toMatch(problem);
  });

  it('may be missing while an earlier round may hold them, or their router is not in this one', () => {
    batches[1].mayBeHeld = true;
    expect(judge(resultWith({ 'router-0:s0': 10 })).problems).toEqual([]);
    expect(judge(resultWith({}, ['router-1'])).problems).toEqual([]);
  });

  it('are told apart through noise', () => {
    const noisy = new Backlog();
    const batch = noisy.draw(new UnsafeDraw('noisy'), 'router-0', [50, 50]) as Batch;
    expect(attribute('noisy', noisy, routers, 1, resultWith({ 'router-0:s0': 47, 'router-1:s2': 3 }), [batch])).toEqual(
      { included: [batch], problems: [] },
    );
    expect(attribute('noisy', noisy, routers, 2, resultWith({ 'router-0:s0': 47 }), []).problems).toHaveLength(1);
  });
});
