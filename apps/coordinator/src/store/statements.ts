/** The SQL of the embedded store, prepared once. */
import { type Database } from 'libsql';

const sql = {
  insertEntry: 'INSERT INTO journal (round_key, type, body) VALUES (?, ?, ?)',
  insertContribution: 'INSERT INTO contributions (journal_id, round_key, router, bytes) VALUES (?, ?, ?, ?)',
  insertNonce: 'INSERT INTO operator_nonces (operator, nonce, expires_at_ms) VALUES (?, ?, ?)',
  replay: `
    SELECT journal.type, journal.round_key, journal.body, contributions.router, contributions.bytes
    FROM journal LEFT JOIN contributions ON contributions.journal_id = journal.id
    ORDER BY journal.id`,
  contributionsAfter:
    'SELECT router, bytes FROM contributions WHERE round_key = ? AND router > ? ORDER BY router LIMIT ?',
  contributionOfRouter: 'SELECT router, bytes FROM contributions WHERE round_key = ? AND router = ?',
  nonces: 'SELECT operator, nonce, expires_at_ms FROM operator_nonces',
  forgetNonces: 'DELETE FROM operator_nonces WHERE expires_at_ms < ?',
  putFinishedRound: `
    INSERT INTO finished_rounds (round_key, cluster, round, phase, contributions, decision, finished_at_ms, signal, is_empty)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (round_key) DO UPDATE SET
      phase = excluded.phase, contributions = excluded.contributions, decision = excluded.decision,
      finished_at_ms = excluded.finished_at_ms, signal = excluded.signal, is_empty = excluded.is_empty`,
  finishedRound: 'SELECT * FROM finished_rounds WHERE round_key = ?',
  suspicionClusters: 'SELECT cluster, rounds, latest_round FROM suspicion_clusters',
  suspicion:
    'SELECT cluster, router, rounds, flagged, expected, named_in_round, quarantined_after FROM suspicion WHERE cluster = ?',
  putSuspicionCluster: `
    INSERT INTO suspicion_clusters (cluster, rounds, latest_round) VALUES (?, ?, ?)
    ON CONFLICT (cluster) DO UPDATE SET rounds = excluded.rounds, latest_round = excluded.latest_round`,
  putSuspicion: `
    INSERT INTO suspicion (cluster, router, rounds, flagged, expected, named_in_round, quarantined_after) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (cluster, router) DO UPDATE SET
      rounds = excluded.rounds, flagged = excluded.flagged, expected = excluded.expected,
      named_in_round = excluded.named_in_round, quarantined_after = excluded.quarantined_after`,
  removeSuspicion: 'DELETE FROM suspicion WHERE cluster = ? AND router = ?',
  putTranscript: `
    INSERT INTO transcripts (round_key, finished_at_ms, body) VALUES (?, ?, ?)
    ON CONFLICT (round_key) DO UPDATE SET finished_at_ms = excluded.finished_at_ms, body = excluded.body`,
  transcript: 'SELECT body FROM transcripts WHERE round_key = ?',
  latestSignal:
    'SELECT signal FROM finished_rounds WHERE cluster = ? AND signal IS NOT NULL ORDER BY coalesce(is_empty, 0), round DESC LIMIT 1',
  newestSignal:
    'SELECT signal FROM finished_rounds WHERE cluster = ? AND signal IS NOT NULL ORDER BY round DESC LIMIT 1',
  removeContributions: 'DELETE FROM contributions WHERE round_key = ?',
  removeEntries: 'DELETE FROM journal WHERE round_key = ?',
  removeSuperseded:
    "DELETE FROM journal WHERE type = 'freshness-taken' AND id < (SELECT max(id) FROM journal WHERE type = 'freshness-taken')",
  putSnapshot:
    "INSERT INTO snapshots (name, body) VALUES ('released', ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
  snapshot: "SELECT body FROM snapshots WHERE name = 'released'",
  mark: 'SELECT made_at_ms, assumed_numbers FROM backup_mark',
  removeMark: 'DELETE FROM backup_mark',
  touch:
    "INSERT INTO snapshots (name, body) VALUES ('checked', randomblob(8)) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
  pruneRecords: `
    DELETE FROM finished_rounds WHERE finished_at_ms < ? AND round <> coalesce(
      (SELECT newest.round FROM finished_rounds AS newest
        WHERE newest.cluster = finished_rounds.cluster AND newest.signal IS NOT NULL
        ORDER BY coalesce(newest.is_empty, 0), newest.round DESC LIMIT 1), 0)`,
  pruneTranscripts: 'DELETE FROM transcripts WHERE finished_at_ms < ?',
} as const;

export type Statements = Readonly<Record<keyof typeof sql, ReturnType<Database['prepare']>>>;

export const prepareStatements = (db: Database): Statements =>
  Object.fromEntries(Object.entries(sql).map(([name, text]) => [name, db.prepare(text)])) as Record<
    keyof typeof sql,
    ReturnType<Database['prepare']>
  >;
