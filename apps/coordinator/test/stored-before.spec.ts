/**
 * A database that a coordinator wrote before the engine of its roles changed: it opens, with its released and open
 * rounds, and goes on.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startEpoch } from '@secagg/protocol';
import { restoreState } from '../src/engine';
import { openLibsqlStore } from '../src/store/libsql-store';
import expected from './stored-before/expected.json';

const folder = mkdtempSync(join(tmpdir(), 'secagg-stored-before-'));
const file = join(folder, 'coordinator.db');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('opens with every round and epoch, and goes on', async () => {
  writeFileSync(file, gunzipSync(readFileSync(join(__dirname, 'stored-before/coordinator.db.gz'))), { mode: 0o600 });
  const open = async () => {
    const store = await openLibsqlStore(file);
    const authorityKey = new Uint8Array(Buffer.from(expected.authorityKey, 'hex'));
    const offered = { documents: undefined, judge: async () => undefined };
    const journal = await restoreState(store, authorityKey, offered, (error) => {
      throw error;
    });
    return { store, journal };
  };
  const first = await open();
  expect({
    epochs: [...first.journal.state.epochs.keys()],
    rounds: [...first.journal.state.rounds].map(([key, { phase, accepted }]) => [key, phase, accepted.size]),
    latestRound: [...first.journal.state.latestRound],
  }).toEqual({ epochs: expected.epochs, rounds: expected.rounds, latestRound: expected.latestRound });
  const stored = [];
  for await (const { router } of first.store.contributions(expected.rounds[0][0] as string)) stored.push(router);
  expect(stored).toHaveLength(2);
  await first.journal.commit((state) => startEpoch(state, 1000, 1_800_000_100_000));
  await first.store.close();
  const second = await open();
  expect([...second.journal.state.epochs.keys()]).toEqual([...expected.epochs, 2]);
  await second.store.close();
});
