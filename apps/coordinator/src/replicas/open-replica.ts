/**
 * Takes part in a database that other coordinators may be using: brings it to the newest schema, and restores the state
 * from its journal.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CoordinatorEvent,
  coordinatorRole,
  type CoordinatorState,
  resumeFromBackup,
  updateFleet,
  verifyFleet,
} from '@secagg/protocol';
import { type Bytes, decodeCanonical, SecaggError } from '@secagg/schema';
import { sql } from 'kysely';
import { type BackendNeeds } from '../backend';
import { isNewer, type OfferedDocuments } from '../engine';
import { messageOf } from '../error-message';
import { withoutDocuments } from '../key-files';
import { tellResumed } from '../resume';
import { migrate, postgresTypes } from '../store/migrate';
import { migrations } from '../store/migrations';
import { kyselyOn, openPool } from '../store/postgres/connect';
import { JournalLog, type JournalRow, type Turn } from '../store/postgres/journal-log';
import { databaseAway, databaseRefusal } from '../store/postgres/start-fault';
import { OpenRounds } from '../store/postgres/open-rounds';
import { PostgresStore } from '../store/postgres/postgres-store';
import { listenForAppends } from './listen';
import { eventOfRow, roundsClosedBy, rowOf } from './shared-events';
import { SharedIntake } from './shared-intake';
import { SharedJournal } from './shared-journal';

export interface Replica {
  readonly journal: SharedJournal;
  readonly intake: SharedIntake;
  readonly store: PostgresStore;
  readonly now: () => number;
  close(): Promise<void>;
}

/** Turns of the journal and looks at it. */
const JOURNAL_CONNECTIONS = 2;
const STORE_CONNECTIONS = 6;
/** Batches of contributions: of two rounds at once, and what is asked about them. */
const INTAKE_CONNECTIONS = 3;
/** How often the journal is looked at when the database says nothing, which it may be kept from. */
const LOOK_MS = 1000;
/** Appends of others come in bursts: they are read together. */
const FOLLOW_DELAY_MS = 10;
/** How long a start waits for a database that is not there. */
const START_PATIENCE_MS = 30_000;
const MIGRATION_LOCK = 0x5ecac67;

/** Throws a HostFault when the database refuses this coordinator, or cannot be reached within half a minute. */
export async function openReplica(
  { authorityKey, documents, judge, changes, logger, now }: BackendNeeds,
  url: string,
): Promise<Replica> {
  const journalPool = openPool(url, JOURNAL_CONNECTIONS);
  const storePool = openPool(url, STORE_CONNECTIONS);
  const intakePool = openPool(url, INTAKE_CONNECTIONS);
  const pools = [journalPool, storePool, intakePool];
  const end = async (): Promise<void> => void (await Promise.all(pools.map((pool) => pool.end())));
  const trouble = troubleLog((detail) => logger.warn({ detail }, 'the database cannot be used'));
  const clock = { offsetMs: 0 };
  try {
    await whenThere(() => migrateAlone(url));
    const log = new JournalLog(journalPool);
    const restore = restorer(authorityKey);
    await begin(log, authorityKey, { documents, judge });
    tellResumed(logger, await resume(log, restore));
    let restored: { state: CoordinatorState; position: number } | undefined;
    await log.everything(async (rows, snapshot) => void (restored = await restore(rows, snapshot)));
    const onClock = (databaseMs: number): void => {
      clock.offsetMs = databaseMs - now();
      trouble.over();
    };
    const journal = new SharedJournal(
      { log, restore, onTrouble: trouble.tell, onClock, onRestored: () => changes.notify() },
      restored as unknown as { state: CoordinatorState; position: number },
    );
    if (documents && isNewer(journal.state, documents)) await judge(verifyFleet(authorityKey, documents));
    await journal.commit(({ view }) => ({
      events: documents && isNewer(journal.state, documents) ? updateFleet(view, documents) : [],
      reply: undefined,
    }));
    const intake = new SharedIntake(journal, new OpenRounds(intakePool), trouble.tell);
    const unfollow = follow(journal, intake, url);
    const close = async () => {
      await unfollow();
      await intake.idle();
      await journal.idle();
      await end();
    };
    return {
      journal,
      intake,
      store: new PostgresStore(kyselyOn(storePool), randomUUID(), trouble.tell),
      now: () => now() + clock.offsetMs,
      close,
    };
  } catch (error) {
    await end();
    throw databaseRefusal(error) ?? (isAway(error) ? databaseAway(error) : error);
  }
}

/** Only one replica migrates; the others wait for it, and find nothing to do. */
async function migrateAlone(url: string): Promise<void> {
  // A migration may take its time, and so may waiting for it.
  const all = kyselyOn(
    openPool(url, 1, {
      query_timeout: 0,
      statement_timeout: 0,
      lock_timeout: 0,
      idle_in_transaction_session_timeout: 0,
    }),
  );
  try {
    await all.connection().execute(async (db) => {
      // The session ends below, and the lock with it.
      await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`.execute(db);
      await migrate(db as never, postgresTypes, migrations);
    });
  } finally {
    await all.destroy();
  }
}

/** An empty journal begins with the fleet documents. */
async function begin(log: JournalLog, authorityKey: Bytes, { documents, judge }: OfferedDocuments): Promise<void> {
  await log.turn(0, async (turn, { rows }) => {
    if (rows.length > 0) return;
    if (!documents) throw withoutDocuments();
    await judge(verifyFleet(authorityKey, documents));
    await turn.append([rowOf({ type: 'fleet-updated', documents }, 1)]);
  });
}

type Restore = ReturnType<typeof restorer>;

/** The first replica on a database that was brought back from a backup resumes it for all of them. */
const resume = (log: JournalLog, restore: Restore): Promise<readonly CoordinatorEvent[]> =>
  log.turn(0, async (turn, first) => {
    const mark = await turn.backupMark();
    let events: readonly CoordinatorEvent[] = [];
    if (mark) {
      const { state, position } = await restore(following(turn, first.rows), await turn.snapshot());
      const { events: resuming } = resumeFromBackup(state, mark, first.nowMs);
      events = [...(await listings(turn, resuming, state)), ...resuming];
      await turn.append(events.map((event, index) => rowOf(event, position + 1 + index)));
    }
    await turn.settle();
    return events;
  });

/** What was acknowledged in the rounds that are dropped keeps its receipt. */
async function listings(
  turn: Turn,
  events: readonly CoordinatorEvent[],
  state: CoordinatorState,
): Promise<CoordinatorEvent[]> {
  const lists: CoordinatorEvent[] = [];
  for (const key of roundsClosedBy(events, state))
    for (const headers of await turn.closeRound(key)) lists.push({ type: 'contributions-listed', key, headers });
  return lists;
}

async function* following(turn: Turn, first: readonly JournalRow[]): AsyncIterable<JournalRow> {
  for (let rows = first; rows.length > 0; rows = (await turn.newer(rows[rows.length - 1].id)).rows) yield* rows;
}

const restorer =
  (authorityKey: Bytes) =>
  async (
    rows: AsyncIterable<JournalRow>,
    snapshot: Bytes | undefined,
  ): Promise<{ state: CoordinatorState; position: number }> => {
    const role = coordinatorRole(authorityKey);
    let state: CoordinatorState | undefined;
    let position = 0;
    for await (const row of rows) {
      const event = eventOfRow(row);
      if (event && state) role.evolve(state, event);
      else if (event) {
        state = role.begin(event);
        if (snapshot) role.restore(decodeCanonical(snapshot), state);
      }
      position = row.id;
    }
    if (!state) throw new SecaggError('internal', 'the journal is empty');
    return { state, position };
  };

function follow(journal: SharedJournal, intake: SharedIntake, url: string): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    timer = undefined;
    // A failure was told of where it happened, and the next look comes soon.
    journal.fresh().catch(() => undefined);
  };
  const looking = setInterval(() => {
    look();
    intake.look().catch(() => undefined);
  }, LOOK_MS);
  const stop = listenForAppends(url, () => {
    timer ??= setTimeout(look, FOLLOW_DELAY_MS);
  });
  return async () => {
    clearInterval(looking);
    clearTimeout(timer);
    await stop();
  };
}

async function whenThere(act: () => Promise<void>): Promise<void> {
  for (const until = performance.now() + START_PATIENCE_MS; ; ) {
    try {
      return await act();
    } catch (error) {
      if (databaseRefusal(error) || !isAway(error)) throw error;
      if (performance.now() > until) throw databaseAway(error);
      await pause(500);
    }
  }
}

/**
 * Errors of the network and of a server that is starting, stopping or full (SQLSTATE classes 08, 53 and 57), not of
 * what was asked of it.
 */
function isAway(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return /^(E[A-Z_]+|(08|53|57).{3})$/.test(code) || /timeout|terminated/i.test(messageOf(error));
}

/**
 * Tells of each kind of failure once until it is over. Texts of the driver name hosts and users, never a password or a
 * value.
 */
function troubleLog(warn: (text: string) => void): { tell(error: unknown): void; over(): void } {
  const told = new Set<string>();
  return {
    tell(error) {
      const text = messageOf(error);
      if (told.has(text)) return;
      told.add(text);
      warn(text);
    },
    over: () => told.clear(),
  };
}
