import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { type ClusterRecord } from '@secagg/protocol';
import { type Bytes, type PartyId } from '@secagg/schema';
import { kyselyOf } from '../src/store/libsql-kysely';
import { openLibsqlStore } from '../src/store/libsql-store';
import { migrate, sqliteTypes } from '../src/store/migrate';
import { migrations } from '../src/store/migrations';
import { type JournalEntry, type Store } from '../src/store/store';

const path = () => join(mkdtempSync(join(tmpdir(), 'secagg-store-')), 'coordinator.db');
const bytes = (length: number): Bytes => new Uint8Array(randomBytes(length));
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};
const contribution = (key: string, router: string, content = bytes(100)): JournalEntry => ({
  type: 'contribution-accepted',
  roundKey: key,
  body: new Uint8Array(0),
  contribution: { router: router as PartyId, bytes: content },
});

describe('libsql store', () => {
  let file: string;
  let store: Store;
  beforeEach(async () => {
    file = path();
    store = await openLibsqlStore(file);
  });
  afterEach(() => store.close());
  const reopen = async () => {
    await store.close();
    store = await openLibsqlStore(file);
  };

  it('gives the journal back in order, with contributions byte for byte, after it was reopened', async () => {
    const entries: JournalEntry[] = [
      { type: 'fleet-updated', body: bytes(10) },
      { type: 'round-announced', roundKey: 'a/1', body: bytes(0) },
      contribution('a/1', 'r2'),
      contribution('a/1', 'r1'),
      { type: 'round-closed', roundKey: 'a/1', body: bytes(70_000) },
    ];
    await Promise.all([store.append({ entries: entries.slice(0, 2) }), store.append({ entries: entries.slice(2) })]);
    await reopen();
    expect(await all(store.replay())).toEqual(entries);
  });

  it('reads contributions of one round, by router, all or some, while others read too', async () => {
    const many = Array.from({ length: 50 }, (_, i) => contribution('a/1', `r${String(i).padStart(2, '0')}`));
    await store.append({ entries: [...many, contribution('b/1', 'r00')] });
    const expected = many.map((entry) => entry.contribution);
    const [first, second] = await Promise.all([all(store.contributions('a/1')), all(store.contributions('a/1'))]);
    expect(first).toEqual(expected);
    expect(second).toEqual(expected);
    expect(await all(store.contributions('a/1', ['r07', 'absent', 'r03'] as PartyId[]))).toEqual([
      expected[7],
      expected[3],
    ]);
  });

  it('takes a batch whole or not at all, and nothing after one that failed', async () => {
    await store.append({ entries: [contribution('a/1', 'r1')] });
    await expect(store.append({ entries: [{ type: 'x', body: bytes(1) }, contribution('a/1', 'r1')] })).rejects.toThrow(
      /UNIQUE/,
    );
    await expect(store.append({ entries: [{ type: 'y', body: bytes(1) }] })).rejects.toThrow(/UNIQUE/);
    await expect(store.check()).rejects.toThrow(/UNIQUE/);
    await reopen();
    expect((await all(store.replay())).map(({ type }) => type)).toEqual(['contribution-accepted']);
  });

  it('keeps record, transcript and signal of a finished round when its journal is released', async () => {
    const record = {
      key: 'a/1',
      cluster: 'a',
      round: 1,
      phase: 'published' as const,
      contributions: 2,
      finishedAtMs: 1000,
    };
    await store.append({
      entries: [{ type: 'epoch-started', body: bytes(3) }, contribution('a/1', 'r1'), contribution('a/2', 'r1')],
    });
    const transcript = bytes(1000);
    await store.finishRound(record, { transcript, signal: '{"round":1}' });
    await store.releaseRound('a/1', bytes(5));
    await reopen();
    expect((await all(store.replay())).map(({ roundKey }) => roundKey)).toEqual([undefined, 'a/2']);
    expect(await all(store.contributions('a/1'))).toEqual([]);
    expect(await store.finishedRound('a/1')).toEqual(record);
    expect(await store.transcript('a/1')).toEqual(transcript);
    expect(await store.latestSignal('a')).toBe('{"round":1}');
    expect(await store.snapshot()).toHaveLength(5);
    expect(await store.pruneTranscripts(1001)).toBe(1);
    expect(await store.transcript('a/1')).toBeUndefined();
    expect(await store.latestSignal('a')).toBe('{"round":1}');
  });

  it('removes the entries of epochs by their keys', async () => {
    const entry = (key: string): JournalEntry => ({ type: 'epoch-started', roundKey: key, body: bytes(3) });
    await store.append({ entries: [entry('epoch/1'), entry('epoch/2'), entry('epoch/12')] });
    await store.releaseEpochs(['epoch/1', 'epoch/2']);
    await reopen();
    expect((await all(store.replay())).map(({ roundKey }) => roundKey)).toEqual(['epoch/12']);
  });

  it('replaces the record of a round that was decided late, and finds the newest signal of a cluster', async () => {
    const record = { key: 'a/9', cluster: 'a', round: 9, contributions: 1, finishedAtMs: 1 };
    await store.finishRound({ ...record, phase: 'undecided' });
    const decision = bytes(20);
    await store.finishRound({ ...record, phase: 'aborted', decision }, { transcript: bytes(1) });
    expect(await store.finishedRound('a/9')).toEqual({ ...record, phase: 'aborted', decision });
    await store.finishRound(
      { ...record, key: 'a/10', round: 10, phase: 'published' },
      { transcript: bytes(1), signal: 'ten' },
    );
    await store.finishRound(
      { ...record, key: 'a/8', round: 8, phase: 'published' },
      { transcript: bytes(1), signal: 'eight' },
    );
    expect(await store.latestSignal('a')).toBe('ten');
    expect(await store.latestSignal('b')).toBeUndefined();
  });

  it('prefers a signal to one in which everything is withheld, and keeps it longest', async () => {
    const finish = (round: number, signal: string, isEmpty: boolean) =>
      store.finishRound(
        { key: `a/${round}`, cluster: 'a', round, phase: 'published', contributions: 1, finishedAtMs: round },
        { transcript: bytes(1), signal, isEmpty },
      );
    await finish(1, 'nothing', true);
    await finish(2, 'nothing again', true);
    expect(await store.latestSignal('a')).toBe('nothing again');
    expect(await store.newestSignal('a')).toBe('nothing again');
    await finish(3, 'three', false);
    await finish(4, 'nothing once more', true);
    expect(await store.newestSignal('a')).toBe('nothing once more');
    expect(await store.latestSignal('a')).toBe('three');
    expect(await store.pruneRecords(9)).toBe(3);
    expect(await store.latestSignal('a')).toBe('three');
    await finish(5, 'five', false);
    expect(await store.latestSignal('a')).toBe('five');
  });

  it('removes records past their retention, but for the newest signal of each cluster', async () => {
    const finish = (cluster: string, round: number, signal?: string) =>
      store.finishRound(
        {
          key: `${cluster}/${round}`,
          cluster,
          round,
          phase: signal === undefined ? 'aborted' : 'published',
          contributions: 1,
          finishedAtMs: round,
        },
        signal === undefined ? undefined : { transcript: bytes(1), signal },
      );
    for (let round = 1; round <= 5; round++) await finish('a', round, round === 5 ? undefined : `a${round}`);
    await finish('b', 1);
    await finish('b', 9, 'b9');
    expect(await store.pruneRecords(6)).toBe(5);
    expect(await store.latestSignal('a')).toBe('a4');
    expect(await store.latestSignal('b')).toBe('b9');
    expect(await store.finishedRound('a/3')).toBeUndefined();
    expect(await store.finishedRound('a/4')).toMatchObject({ round: 4 });
    expect(await store.pruneRecords(6)).toBe(0);
  });

  describe('scores over rounds', () => {
    const record = { key: 'a/1', cluster: 'a', round: 1, contributions: 2, finishedAtMs: 1 };
    const output = { transcript: bytes(1) };
    const expected = 0.1 + 0.2;
    const first: ClusterRecord = {
      rounds: 1,
      latestRound: 1,
      routers: { r1: { rounds: 1, flagged: 1, expected }, r2: { rounds: 1, flagged: 0, expected } },
    };

    it('are written with the record of the round, and are the same after it was reopened', async () => {
      const seen: ClusterRecord[] = [];
      await store.finishRound({ ...record, phase: 'published' }, output, (before) => {
        seen.push(before);
        return first;
      });
      const second: ClusterRecord = {
        rounds: 2,
        latestRound: 7,
        routers: {
          r1: { rounds: 2, flagged: 2, expected: 0.5, namedInRound: 7, quarantinedAfter: 7 },
          constructor: { rounds: 1, flagged: 0, expected: 0 },
        },
      };
      await store.finishRound({ ...record, key: 'a/7', round: 7, phase: 'published' }, output, (before) => {
        seen.push(before);
        return second;
      });
      await store.finishRound({ ...record, key: 'b/1', cluster: 'b', phase: 'published' }, output, () => first);
      expect(seen).toEqual([{ rounds: 0, latestRound: 0, routers: {} }, first]);
      await reopen();
      expect(await store.clusterRecords()).toEqual(
        new Map([
          ['a', second],
          ['b', first],
        ]),
      );
      expect(await store.clusterRecords('a')).toEqual(new Map([['a', second]]));
      expect(await store.clusterRecords('c')).toEqual(new Map());
      const unmarked: ClusterRecord = { ...second, routers: { r1: { rounds: 3, flagged: 2, expected: 0.75 } } };
      await store.finishRound({ ...record, key: 'a/8', round: 8, phase: 'published' }, output, () => unmarked);
      expect(await store.clusterRecords('a')).toEqual(new Map([['a', unmarked]]));
    });

    it('take each round once, however often it is written, also one that was undecided before', async () => {
      const once = (before: ClusterRecord): ClusterRecord => ({ ...before, rounds: before.rounds + 1 });
      const rounds = async () => (await store.clusterRecords('a')).get('a')?.rounds;
      await store.finishRound({ ...record, phase: 'undecided' });
      expect(await rounds()).toBeUndefined();
      await store.finishRound({ ...record, phase: 'published' }, output, once);
      await store.finishRound({ ...record, phase: 'published' }, output, once);
      expect(await rounds()).toBe(1);
      await reopen();
      await store.finishRound({ ...record, phase: 'published' }, output, once);
      expect(await rounds()).toBe(1);
    });

    it('take rounds that finish together one after the other', async () => {
      const finish = (round: number) =>
        store.finishRound({ ...record, key: `a/${round}`, round, phase: 'published' }, output, (before) => ({
          ...before,
          rounds: before.rounds + 1,
        }));
      await Promise.all([1, 2, 3, 4].map(finish));
      expect((await store.clusterRecords('a')).get('a')?.rounds).toBe(4);
    });

    it('take nothing from a round whose record could not be written', async () => {
      const lacking = { ...record, key: 'a/2', contributions: null as unknown as number, phase: 'published' as const };
      await store.finishRound({ ...record, phase: 'published' }, output, () => first);
      await expect(store.finishRound(lacking, output, () => ({ ...first, rounds: 2 }))).rejects.toThrow(/NOT NULL/);
      await reopen();
      expect(await store.clusterRecords('a')).toEqual(new Map([['a', first]]));
      expect(await store.finishedRound('a/2')).toBeUndefined();
    });
  });

  it('remembers nonces with what they brought about, and forgets old ones', async () => {
    const [early, late] = [1000, 2000].map((expiresAtMs) => ({ operator: 'o', nonce: bytes(16), expiresAtMs }));
    await store.append({ entries: [], nonce: early });
    await store.append({ entries: [], nonce: late });
    await reopen();
    expect(await store.nonces(1000)).toEqual([early, late]);
    expect(await store.nonces(1001)).toEqual([late]);
  });

  it('lets one process in at a time', async () => {
    await expect(openLibsqlStore(file)).rejects.toThrow('in use by another process');
  });
});

describe('migrations of the store', () => {
  it('bring the scores to a database with the rounds of an earlier release in it, which they leave alone', async () => {
    const file = path();
    const db = new Database(file);
    await migrate(
      kyselyOf(db),
      sqliteTypes,
      migrations.filter(({ version }) => version < 3),
    );
    db.prepare(
      "INSERT INTO finished_rounds (round_key, cluster, round, phase, contributions, finished_at_ms) VALUES ('a/1', 'a', 1, 'published', 2, 3)",
    ).run([]);
    db.close();
    const store = await openLibsqlStore(file);
    expect(await store.finishedRound('a/1')).toEqual({
      key: 'a/1',
      cluster: 'a',
      round: 1,
      phase: 'published',
      contributions: 2,
      finishedAtMs: 3,
    });
    expect(await store.clusterRecords()).toEqual(new Map());
    await store.close();
  });
});
