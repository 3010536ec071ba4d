import { statisticsOf } from '@secagg/priors';
import { useTestFolder } from '../../test/support/test-folder';
import { parseAliases } from '../ingest/names/aliases';
import { idsOfPlain, scoredRequest } from '../ingest/request-ids';
import { type ObservationTables, openObservationTables } from './observation-tables';

const folder = useTestFolder();
let store: ObservationTables;
const open = () =>
  (store = openObservationTables({ dataDir: folder(), hash: (text) => `hash of ${text}`, requestsPerRequester: 2 }));
beforeEach(open);
afterEach(() => store.close());

const add = (model: string, count: number, requester?: string) =>
  store.observations.add(
    Array.from({ length: count }, (_, i) =>
      store.observations.rowOf({
        model,
        task: 't',
        success: true,
        latency_s: i,
        ...(requester === undefined ? {} : { requester }),
      }),
    ),
    1000,
  );
const rename = (models: Record<string, string>): number => {
  const renaming = store.renaming(parseAliases({ models }));
  for (let steps = 1; ; steps++) if (renaming.step()) return steps;
};
const waiting = () => Object.fromEntries(store.observations.waitingByKey(10));
const read = (...keys: string[]) =>
  [...store.observations.read([...store.observations.ready(keys, 0)].map(({ id }) => id))].map(
    ({ model, latency_s }) => [model, latency_s],
  );

it('gives what waits the names of now, a part at a time, and nothing that a round has', () => {
  const first = add('vendor/m', 2500);
  store.observations.take([{ id: first, key: 'vendor/m:t', requester: null, chargedUnits: 0 }], 'c/1');
  add('m', 1);
  add('other', 1);
  expect(rename({ 'vendor/*': '*' })).toBeGreaterThan(3);
  expect(waiting()).toEqual({ 'm:t': 2500, 'other:t': 1 });
  expect(store.observations.counts()).toEqual({ waiting: 2501, taken: 1 });
  expect(read('m:t').slice(0, 3)).toEqual([
    ['m', 0],
    ['m', 1],
    ['m', 2],
  ]);
});

it('does it once for the same rules, also over a restart that interrupts it', () => {
  add('a', 1500);
  const renaming = store.renaming(parseAliases({ models: { a: 'b' } }));
  expect(renaming.step()).toBe(false);
  store.close();
  open();
  expect(waiting()).toEqual({ 'a:t': 500, 'b:t': 1000 });
  rename({ a: 'b' });
  expect(waiting()).toEqual({ 'b:t': 1500 });
  add('a', 1);
  expect(rename({ a: 'b' })).toBe(1);
  expect(waiting()).toEqual({ 'a:t': 1, 'b:t': 1500 });
});

it('leaves names alone that would make no key', () => {
  add('a', 1);
  store.renaming({ models: {}, tasks: { t: 'x:y' } }).step();
  expect(waiting()).toEqual({ 'a:t': 1 });
});

it('keeps the limit of requesters, and the names of requests', () => {
  add('a', 3, 'somebody');
  add('b', 1, 'somebody');
  store.requests.put(idsOfPlain('x'), 1, 1000);
  rename({ a: 'b' });
  // Two of somebody are ready under one key.
  expect(read('b:t')).toHaveLength(2);
  expect(waiting()).toEqual({ 'b:t': 4 });
  expect(store.requests.isKnown(idsOfPlain('x'))).toBe(true);
  expect(store.requests.score(scoredRequest({ response: 'x' }), 0.5, 1000)).toBe('accepted');
});

it('keeps what rounds have charged for what may be published, and its place beside the queues', () => {
  add('a', 2, 'somebody');
  const both = [...store.observations.ready(['a:t'], 0)];
  store.observations.take(both, 'c/1');
  expect(store.observations.giveSomeBack('c/1', 40)).toBe(true);
  add('a', 2, 'somebody');
  rename({ a: 'b' });
  expect([...store.observations.ready(['b:t'], 39)].map(({ chargedUnits }) => chargedUnits)).toEqual([0, 0]);
  expect([...store.observations.ready(['b:t'], 40)].map(({ chargedUnits }) => chargedUnits)).toEqual([40, 40, 0, 0]);
  // Both queues hold what waits in them: a limit that is filled still keeps the next one back.
  add('a', 1, 'somebody');
  add('b', 1, 'somebody');
  expect([...store.observations.ready(['a:t', 'b:t'], 0)]).toHaveLength(3);
});

it('renames own requests once for the same rules, whose names may be renamed again by them', () => {
  const one = statisticsOf({ success: true, latency_s: 1 });
  store.own.add(new Map(['openai/gpt-4o-mini:t', 'gpt-4o-mini:t'].map((key) => [key, one])), 1000);
  const rules = { 'gpt-4o-*': 'gpt-4o', 'openai/*': '*' };
  rename(rules);
  expect(store.own.keys().sort()).toEqual(['gpt-4o-mini:t', 'gpt-4o:t']);
  rename(rules);
  expect(store.own.keys().sort()).toEqual(['gpt-4o-mini:t', 'gpt-4o:t']);
  expect(store.own.bucketsOf('gpt-4o:t')[0].statistics.count).toBe(1);
});
