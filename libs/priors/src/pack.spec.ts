import { priorsPackSchema } from './pack';

const source = (round: number, time = `2026-01-0${round}T00:00:00.000Z`) => ({
  round,
  time,
  participants: 4,
  epsilon: 1,
  of_use: true,
});
const pack = {
  schema_version: 1,
  kind: 'published',
  fleet: 'trial',
  cluster: 'ab',
  made_at: '2026-01-04T00:00:00.000Z',
  expires_at: null,
  options: {},
  problems: [],
  rounds: [source(3), source(2), source(1)],
  priors: [],
};
const refusal = (change: object): string | undefined => {
  const { success, error } = priorsPackSchema.safeParse({ ...pack, ...change });
  return success ? undefined : error.issues[0].message;
};

it('takes a pack', () => expect(refusal({})).toBeUndefined());

it.each([
  ['twice', [source(2), source(2)]],
  ['twice, at another time', [source(2), source(2, '2026-01-01T00:00:00.000Z')]],
  ['out of order', [source(1), source(2)]],
])('refuses a round %s', (_, rounds) => expect(refusal({ rounds })).toContain('each is there once'));

it.each([
  ['a fleet', { fleet: 'trial\nmodel_list: []' }],
  ['a cluster', { cluster: 'ab\u2028x' }],
  ['a detail', { problems: [{ code: 'no_round', detail: 'none\u001b[2J' }] }],
])('refuses control characters in %s', (_, change) => expect(refusal(change)).toContain('no control characters'));
