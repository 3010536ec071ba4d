import { type Measure } from '@secagg/schema';
import { gaussianFrom, uniform } from '@secagg/testbed/random';
import { FALSE_ALARM_RATE, judgeGroups } from './group-scores';
import { type GroupStatistic } from './group-statistics';

const random = uniform(6);
const gaussian = gaussianFrom(random);
const measures: readonly Measure[] = ['total_samples', 'success_rate', 'avg_latency'];

interface World {
  readonly groups: number;
  readonly keys: number;
  /** Standard deviations between groups, in units of the noise: common to all keys of a measure, and of each. */
  readonly common?: number;
  readonly own?: number;
  /** Added to a group's value, in units of its noise. */
  readonly lie?: (group: number, key: number, measure: Measure) => number;
}

/** Groups of 2 to 9 participants around 10, with noise 1 for one participant. */
function statisticsOf({ groups, keys, common = 0, own = 0, lie = () => 0 }: World): GroupStatistic[] {
  const sizes = Array.from({ length: groups }, () => 2 + Math.floor(8 * random()));
  return measures.flatMap((measure) => {
    const shared = sizes.map(() => common * gaussian());
    return Array.from({ length: keys }, (_, key) => ({
      key: `m:${key}`,
      measure,
      entries: sizes.map((size, position) => {
        const noise = 1 / Math.sqrt(size);
        return {
          position,
          size,
          noise,
          value: 10 + noise * (gaussian() + own * gaussian() + shared[position] + lie(position, key, measure)),
        };
      }),
    }));
  });
}

const flagged = (world: World): number[] =>
  judgeGroups(statisticsOf(world), world.groups).flatMap((judgement, i) => (judgement.flagged ? [i] : []));
const rate = (world: World, rounds: number): number =>
  Array.from({ length: rounds }, () => flagged(world).length).reduce((a, b) => a + b, 0) / (rounds * world.groups);

describe('false alarms', () => {
  it.each([
    ['noise alone', { groups: 11, keys: 12 }, FALSE_ALARM_RATE],
    ['noise alone, one key', { groups: 11, keys: 1 }, FALSE_ALARM_RATE],
    ['noise alone, 5 groups', { groups: 5, keys: 12 }, FALSE_ALARM_RATE],
    ['noise alone, 21 groups', { groups: 21, keys: 12 }, FALSE_ALARM_RATE],
    ['keys differing by chance', { groups: 11, keys: 12, own: 3 }, FALSE_ALARM_RATE],
    ['routers differing in all keys alike', { groups: 11, keys: 12, common: 1, own: 1 }, FALSE_ALARM_RATE],
    ['routers differing much', { groups: 11, keys: 12, common: 3 }, 2 * FALSE_ALARM_RATE],
    ['routers differing much, one key', { groups: 11, keys: 1, common: 3 }, 4 * FALSE_ALARM_RATE],
    ['routers differing much, 7 groups', { groups: 7, keys: 12, common: 3 }, 4 * FALSE_ALARM_RATE],
  ])('%s: rarer than stated', (_name, world: World, most) => {
    expect(rate(world, 50)).toBeLessThanOrEqual(most);
  });
});

describe('liars', () => {
  it.each([
    [
      'one, in all keys of a measure',
      { lie: (group: number, _key: number, measure: Measure) => (group === 4 && measure === 'success_rate' ? 5 : 0) },
      [4],
    ],
    ['one, in a single number', { lie: (group: number, key: number) => (group === 2 && key === 3 ? 30 : 0) }, [2]],
    ['five in one direction', { lie: (group: number) => (group < 5 ? 15 : 0) }, [0, 1, 2, 3, 4]],
    [
      'five, each in another direction',
      { lie: (group: number, key: number) => (group < 5 ? 15 * Math.sin(7 * group + key) : 0) },
      [0, 1, 2, 3, 4],
    ],
    ['five, immeasurably far away', { lie: (group: number) => (group < 5 ? 1e12 : 0) }, [0, 1, 2, 3, 4]],
  ])('%s are found out', (_name, lying, expected) => {
    for (let i = 0; i < 20; i++)
      expect(flagged({ groups: 11, keys: 12, ...lying })).toEqual(expect.arrayContaining(expected));
  });

  it('the number that lies furthest off is pointed at', () => {
    const judged = judgeGroups(
      statisticsOf({
        groups: 11,
        keys: 12,
        lie: (group, key, measure) => (group === 7 && key === 5 && measure === 'avg_latency' ? -40 : 0),
      }),
      11,
    );
    expect(judged[7].largest).toMatchObject({ key: 'm:5', measure: 'avg_latency' });
    expect(judged[7].largest?.deviation).toBeLessThan(-5);
    expect(judged[7].score).toBeGreaterThan(Math.max(...judged.filter((_, i) => i !== 7).map(({ score }) => score)));
  });
});

it('without noise, groups that agree exactly are alike, and the one that does not is not', () => {
  const statistics: GroupStatistic[] = [
    {
      key: 'm:a',
      measure: 'success_rate',
      entries: [0.5, 0.5, 0.5, 0.5, 0.7].map((value, position) => ({ position, value, size: 3, noise: 0 })),
    },
  ];
  expect(judgeGroups(statistics, 5).map((judgement) => judgement.flagged)).toEqual([false, false, false, false, true]);
  expect(judgeGroups(statistics, 5).every(({ score }) => Number.isFinite(score))).toBe(true);
});

it('judges nobody on nothing', () => {
  expect(judgeGroups([], 3)).toEqual([
    { score: 0, flagged: false },
    { score: 0, flagged: false },
    { score: 0, flagged: false },
  ]);
});
