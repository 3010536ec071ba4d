/** Rounds and tasks on PostgreSQL. The journal has a file of its own (journal-log.ts). */
import { type ClusterRecord } from '@secagg/protocol';
import { type Bytes, type PartyId, SecaggError } from '@secagg/schema';
import { type Kysely, sql } from 'kysely';
import { failpoint } from '../../failpoint';
import {
  type CountRound,
  type FinishedRound,
  type RoundOutput,
  type RoundStore,
  type StoredContribution,
} from '../store';
import { type Tables } from '../tables';
import { NOW_MS } from './clock';
import { countSuspicion, readSuspicion } from './suspicion-table';
import { type TaskKind } from './task-changes';

export interface Task {
  readonly kind: TaskKind;
  readonly roundKey: string;
  readonly part: number;
  /** Of a `sum`: the ids of its first and last contribution. */
  readonly firstId: number;
  readonly lastId: number;
}

/** A sum of ciphertexts of one group, packed. */
export interface PartialSum {
  readonly group: number;
  readonly words: Bytes;
}

/** Contributions read at once: up to 17 MB each, though most have some kilobytes. */
const PAGE = 16;
const SLICE_BYTES = 16 * 1024 * 1024;
const nowMs = sql<number>`${sql.raw(NOW_MS)}`;

export class PostgresStore implements RoundStore {
  /**
   * @param replica names this process in leases
   * @param onTrouble told of every failure of the database; callers get `unavailable`
   * @param sliceBytes of a transcript, read at once
   */
  constructor(
    private readonly db: Kysely<Tables>,
    private readonly replica: string,
    private readonly onTrouble: (error: unknown) => void,
    private readonly sliceBytes = SLICE_BYTES,
  ) {}

  async *contributions(roundKey: string, routers?: readonly PartyId[]): AsyncIterable<StoredContribution> {
    const all = this.db.selectFrom('contributions').select(['router', 'bytes']).where('round_key', '=', roundKey);
    for (let at = 0; routers && at < routers.length; at += PAGE) {
      const wanted = routers.slice(at, at + PAGE);
      const rows = new Map(
        (await this.ask(() => all.where('router', 'in', wanted).execute())).map((row) => [row.router, row]),
      );
      for (const router of wanted) {
        const row = rows.get(router);
        if (row) yield row;
      }
    }
    if (routers) return;
    // Compared byte by byte, as the ids are everywhere, whatever order of letters the database was made with.
    const router = sql<string>`router COLLATE "C"`;
    for (let after = ''; ; ) {
      const page = await this.ask(() => all.where(router, '>', after).orderBy(router).limit(PAGE).execute());
      yield* page;
      if (page.length < PAGE) return;
      after = page[page.length - 1].router;
    }
  }

  /** Those of one part of a round, in the order of their acceptance. */
  async *contributionsOf({ roundKey, firstId, lastId }: Task): AsyncIterable<StoredContribution> {
    for (let from = firstId; ; ) {
      const page = await this.ask(() =>
        this.db
          .selectFrom('contributions')
          .select(['journal_id', 'router', 'bytes'])
          .where('round_key', '=', roundKey)
          .where('journal_id', '>=', from)
          .where('journal_id', '<=', lastId)
          .orderBy('journal_id')
          .limit(PAGE)
          .execute(),
      );
      for (const { router, bytes } of page) yield { router, bytes };
      if (page.length < PAGE) return;
      from = page[page.length - 1].journal_id + 1;
    }
  }

  /**
   * Replaces a record of the same round: written twice, by two replicas, it is the same but for the time, and counted
   * once.
   */
  finishRound(
    { key, cluster, round, phase, contributions, decision, finishedAtMs }: FinishedRound,
    output?: RoundOutput,
    count?: CountRound,
  ): Promise<void> {
    const outcome = {
      phase,
      contributions,
      decision: decision ?? null,
      finished_at_ms: finishedAtMs,
      signal: output?.signal ?? null,
      is_empty: output?.isEmpty ? 1 : 0,
    };
    failpoint('before-durable:finish-round');
    return this.ask(async () => {
      await this.db.transaction().execute(async (transaction) => {
        // A row that is there is locked, one that is not is made: from here on the round is this transaction's.
        const added = await transaction
          .insertInto('finished_rounds')
          .values({ round_key: key, cluster, round, ...outcome })
          .onConflict((conflict) => conflict.column('round_key').doNothing())
          .returning('round_key')
          .executeTakeFirst();
        const held = added
          ? undefined
          : await transaction
              .selectFrom('finished_rounds')
              .select('phase')
              .where('round_key', '=', key)
              .forUpdate()
              .executeTakeFirst();
        if (held) await transaction.updateTable('finished_rounds').set(outcome).where('round_key', '=', key).execute();
        if (output) {
          const transcript = { finished_at_ms: finishedAtMs, body: output.transcript };
          await transaction
            .insertInto('transcripts')
            .values({ round_key: key, ...transcript })
            .onConflict((conflict) => conflict.column('round_key').doUpdateSet(transcript))
            .execute();
        }
        if (count && held?.phase !== 'published') await countSuspicion(transaction, cluster, count);
        failpoint('in-durable:finish-round');
      });
      failpoint('after-durable:finish-round');
    });
  }

  clusterRecords(cluster?: string): Promise<Map<string, ClusterRecord>> {
    return this.ask(() => readSuspicion(this.db, cluster));
  }

  async finishedRound(roundKey: string): Promise<FinishedRound | undefined> {
    const row = await this.ask(() =>
      this.db.selectFrom('finished_rounds').selectAll().where('round_key', '=', roundKey).executeTakeFirst(),
    );
    return (
      row && {
        key: row.round_key,
        cluster: row.cluster,
        round: row.round,
        phase: row.phase,
        contributions: row.contributions,
        finishedAtMs: row.finished_at_ms,
        ...(row.decision ? { decision: row.decision } : {}),
      }
    );
  }

  /** In slices: a value comes as hexadecimal text, and neither the server nor a string here takes one of any length. */
  async transcript(roundKey: string): Promise<Bytes | undefined> {
    const of = this.db.selectFrom('transcripts').where('round_key', '=', roundKey);
    const found = await this.ask(() =>
      of.select([sql<number>`octet_length(body)`.as('length'), 'finished_at_ms']).executeTakeFirst(),
    );
    if (!found) return undefined;
    const body = new Uint8Array(found.length);
    for (let from = 0; from < body.length; from += this.sliceBytes) {
      const slice = sql<Bytes>`substring(body FROM ${from + 1}::int FOR ${this.sliceBytes}::int)`.as('slice');
      const part = await this.ask(() =>
        of.select(slice).where('finished_at_ms', '=', found.finished_at_ms).executeTakeFirst(),
      );
      // Replaced or removed meanwhile: what is left of it is of no use.
      if (!part) return undefined;
      body.set(part.slice, from);
    }
    return body;
  }

  async latestSignal(cluster: string): Promise<string | undefined> {
    const newest = this.signalsOf(cluster)
      .orderBy(sql`coalesce(is_empty, 0)`)
      .orderBy('round', 'desc');
    return (await this.ask(() => newest.executeTakeFirst()))?.signal ?? undefined;
  }

  async newestSignal(cluster: string): Promise<string | undefined> {
    const newest = this.signalsOf(cluster).orderBy('round', 'desc');
    return (await this.ask(() => newest.executeTakeFirst()))?.signal ?? undefined;
  }

  private readonly signalsOf = (cluster: string) =>
    this.db
      .selectFrom('finished_rounds')
      .select('signal')
      .where('cluster', '=', cluster)
      .where('signal', 'is not', null)
      .limit(1);

  async pruneTranscripts(beforeMs: number): Promise<number> {
    return Number(
      (
        await this.ask(() =>
          this.db.deleteFrom('transcripts').where('finished_at_ms', '<', beforeMs).executeTakeFirst(),
        )
      ).numDeletedRows,
    );
  }

  async pruneRecords(beforeMs: number): Promise<number> {
    const result = await this.ask(() =>
      sql`DELETE FROM finished_rounds WHERE finished_at_ms < ${beforeMs} AND round <> coalesce(
        (SELECT newest.round FROM finished_rounds AS newest
          WHERE newest.cluster = finished_rounds.cluster AND newest.signal IS NOT NULL
          ORDER BY coalesce(newest.is_empty, 0), newest.round DESC LIMIT 1), 0)`.execute(this.db),
    );
    return Number(result.numAffectedRows ?? 0);
  }

  /**
   * The next task that nobody works on, for `leaseMs` by the database's clock. A task whose holder has died comes back
   * when its lease is over. A round is published once all of its parts are added up.
   */
  claimTask(leaseMs: number): Promise<Task | undefined> {
    return this.ask(async () => {
      const found = await sql<{ kind: TaskKind; round_key: string; part: number; first_id: number; last_id: number }>`
        UPDATE tasks SET holder = ${this.replica}, leased_until_ms = ${nowMs} + ${leaseMs}::bigint
        WHERE (kind, round_key, part) = (
          SELECT kind, round_key, part FROM tasks AS free
          WHERE leased_until_ms < ${nowMs}
            AND (kind <> 'publish' OR NOT EXISTS (SELECT 1 FROM tasks AS sums WHERE sums.kind = 'sum' AND sums.round_key = free.round_key))
          ORDER BY CASE kind WHEN 'publish' THEN 0 WHEN 'sum' THEN 1 WHEN 'finish' THEN 2 ELSE 3 END, round_key, part
          LIMIT 1
          FOR UPDATE SKIP LOCKED
        )
        RETURNING kind, round_key, part, first_id, last_id`.execute(this.db);
      const [row] = found.rows;
      return (
        row && { kind: row.kind, roundKey: row.round_key, part: row.part, firstId: row.first_id, lastId: row.last_id }
      );
    });
  }

  /** Keeps a task for another `leaseMs`, if it is still this replica's. */
  async renewTask({ kind, roundKey, part }: Task, leaseMs: number): Promise<void> {
    const until = sql<number>`${nowMs} + ${leaseMs}::bigint`;
    await this.ask(() =>
      this.db
        .updateTable('tasks')
        .set({ leased_until_ms: until })
        .where('kind', '=', kind)
        .where('round_key', '=', roundKey)
        .where('part', '=', part)
        .where('holder', '=', this.replica)
        .execute(),
    );
  }

  /** Ends a task, unless it was asked for anew since it was claimed. */
  async endTask({ kind, roundKey, part }: Task): Promise<void> {
    await this.ask(() =>
      this.db
        .deleteFrom('tasks')
        .where('kind', '=', kind)
        .where('round_key', '=', roundKey)
        .where('part', '=', part)
        .where('holder', '=', this.replica)
        .execute(),
    );
  }

  /** Stores the sums of a part together with the end of its task. Done twice, by two replicas, they are the same. */
  async endSum({ roundKey, part }: Task, sums: readonly PartialSum[]): Promise<void> {
    const rows = sums.map(({ group, words }) => ({ round_key: roundKey, part, group_index: group, words }));
    await this.ask(() =>
      this.db.transaction().execute(async (transaction) => {
        if (rows.length > 0)
          await transaction
            .insertInto('partial_sums')
            .values(rows)
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        await transaction
          .deleteFrom('tasks')
          .where('kind', '=', 'sum')
          .where('round_key', '=', roundKey)
          .where('part', '=', part)
          .execute();
      }),
    );
  }

  async partialSums(roundKey: string): Promise<PartialSum[]> {
    const rows = await this.ask(() =>
      this.db.selectFrom('partial_sums').select(['group_index', 'words']).where('round_key', '=', roundKey).execute(),
    );
    return rows.map(({ group_index, words }) => ({ group: group_index, words }));
  }

  async pruneRound(roundKey: string): Promise<void> {
    await this.ask(() => this.db.deleteFrom('contributions').where('round_key', '=', roundKey).execute());
    await this.ask(() => this.db.deleteFrom('partial_sums').where('round_key', '=', roundKey).execute());
    await this.ask(() => this.db.deleteFrom('open_rounds').where('round_key', '=', roundKey).execute());
  }

  /** Tells the others which routers wait here, and hears from those that have told since `windowMs`. */
  shareWaiting(cluster: string, routers: readonly string[], windowMs: number): Promise<string[]> {
    const routersText = JSON.stringify(routers);
    return this.ask(async () => {
      await this.db
        .insertInto('waiting_routers')
        .values({ replica: this.replica, cluster, routers: routersText, seen_at_ms: nowMs })
        .onConflict((conflict) =>
          conflict.columns(['replica', 'cluster']).doUpdateSet({ routers: routersText, seen_at_ms: nowMs }),
        )
        .execute();
      // A replica that has gone leaves nothing behind.
      await this.db
        .deleteFrom('waiting_routers')
        .where('seen_at_ms', '<', sql<number>`${nowMs} - ${10 * windowMs}::bigint`)
        .execute();
      const others = await this.db
        .selectFrom('waiting_routers')
        .select('routers')
        .where('cluster', '=', cluster)
        .where('replica', '<>', this.replica)
        .where('seen_at_ms', '>=', sql<number>`${nowMs} - ${windowMs}::bigint`)
        .execute();
      return others.flatMap((row) => JSON.parse(row.routers) as string[]);
    });
  }

  async check(): Promise<void> {
    const body = new Uint8Array(8);
    // A write, since a standby server or a full disk still reads.
    await this.ask(() =>
      this.db
        .insertInto('snapshots')
        .values({ name: 'checked', body })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ body }))
        .execute(),
    );
  }

  /** Ends the connections. */
  close(): Promise<void> {
    return this.db.destroy();
  }

  private async ask<T>(query: () => Promise<T>): Promise<T> {
    try {
      return await query();
    } catch (error) {
      this.onTrouble(error);
      throw new SecaggError('unavailable', 'the database cannot be used now');
    }
  }
}
