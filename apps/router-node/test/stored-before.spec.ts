/**
 * Databases that a node wrote before its roles ran on `libs/journal`: they open, with every word and every key, and go
 * on.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openCommitteeStore } from '../src/store/committee-store';
import { openRouterStore } from '../src/store/router-store';
import expected from './stored-before/expected.json';
import { useTestFolder } from './support/test-folder';

const folder = useTestFolder();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const onFailure = (error: unknown): never => {
  throw error;
};
const bringBack = (name: string): void =>
  writeFileSync(join(folder(), name), gunzipSync(readFileSync(join(__dirname, 'stored-before', `${name}.gz`))), {
    mode: 0o600,
  });

it('a router: snapshot and events, with its ledger and an open round', () => {
  bringBack('router.db');
  const open = () => openRouterStore(folder(), bytes(expected.authorityKey), onFailure);
  const held = ({ journal }: ReturnType<typeof open>) => ({
    highestRound: [...journal.state.highestRound],
    participations: [...journal.state.participations].map(([key, { outcome, receipt }]) => [
      key,
      outcome ?? null,
      receipt !== undefined,
    ]),
  });
  let store = open();
  expect(held(store)).toEqual(expected.router);
  expect([store.journal.state.ledger.settled.size, store.journal.state.ledger.open.size]).toEqual([1, 1]);
  store.journal.append([{ type: 'epoch-seen', epoch: 5 }]);
  store.journal.compact();
  store.close();
  store = open();
  expect(held(store)).toEqual(expected.router);
  expect(store.journal.state.highestEpoch).toBe(5);
  store.close();
});

it('a committee member: what it has said, and the keys of its epochs', async () => {
  bringBack('committee.db');
  const open = () =>
    openCommitteeStore({
      dataDir: folder(),
      authorityKey: bytes(expected.authorityKey),
      storeKey: bytes(expected.storeKey),
      member: expected.memberId,
      random: (length) => new Uint8Array(length),
      onFailure,
    });
  const held = ({ journal }: Awaited<ReturnType<typeof open>>) => ({
    highestEpoch: journal.state.highestEpoch,
    seats: [...journal.state.seats].map(([epoch, { secrets }]) => [epoch, secrets && hex(secrets.kemSecret)]),
    rounds: [...journal.state.rounds].map(([key, { report, vote, answered }]) => [
      key,
      report !== undefined,
      vote !== undefined,
      answered ? hex(answered) : null,
    ]),
  });
  let store = await open();
  expect(held(store)).toEqual(expected.member);
  store.journal.append([{ type: 'epoch-seen', epoch: 1 }]);
  store.close();
  store = await open();
  expect(held(store)).toEqual({ ...expected.member, highestEpoch: 1 });
  store.close();
});
