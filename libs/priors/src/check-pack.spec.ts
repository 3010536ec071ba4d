import { checkPack, missingRounds, priorOptionsSchema, type PriorsPack } from '.';

const NOW_MS = Date.parse('2026-01-04T00:00:00.000Z');
const source = (round: number) => ({
  round,
  time: `2026-01-0${round}T00:00:00.000Z`,
  participants: 4,
  epsilon: 1,
  of_use: true,
});
const pack: PriorsPack = {
  schema_version: 1,
  kind: 'published',
  fleet: 'trial',
  cluster: 'ab',
  made_at: '2026-01-04T00:00:00.000Z',
  expires_at: '2026-01-10T00:00:00.000Z',
  options: priorOptionsSchema.parse({}),
  problems: [],
  rounds: [source(3), source(1)],
  priors: [],
};
const check = (change: object, nowMs = NOW_MS, isAnyOption = false) =>
  checkPack({ ...pack, ...change }, nowMs, isAnyOption);

it('takes an honest pack', () => expect(() => check({})).not.toThrow());

it.each([
  ['no rounds', { rounds: [] }, 'no rounds'],
  ['a time to come', { made_at: '2026-01-04T01:00:00.000Z' }, 'in the future'],
  ['own requests', { priors: [{ model: 'm', own_requests: 1 }] }, 'has own requests in m'],
  ['another expiry', { expires_at: '2099-01-01T00:00:00.000Z' }, 'expires_at is not what follows'],
  ['no evidence', { rounds: [{ ...source(3), of_use: false }], expires_at: null }, 'no evidence'],
])('refuses %s', (_, change, why) => expect(() => check(change)).toThrow(why));

it('refuses a pack that has expired', () =>
  expect(() => check({}, Date.parse('2026-01-11T00:00:00.000Z'))).toThrow('has expired'));

it.each(Object.keys(pack.options))('refuses another %s than the default unless told otherwise', (name) => {
  const options = { ...pack.options, [name]: pack.options[name as keyof typeof pack.options] + 1 };
  const change = { options, ...(name === 'age_limit_hours' ? { expires_at: '2026-01-10T01:00:00.000Z' } : {}) };
  expect(() => check(change)).toThrow(`${name} is`);
  expect(() => check(change, NOW_MS, true)).not.toThrow();
});

it('tells which rounds are missing, up to the latest', () => {
  expect(missingRounds(pack.rounds, 3)).toEqual([2]);
  expect(missingRounds(pack.rounds, 5)).toEqual([2, 4, 5]);
});
