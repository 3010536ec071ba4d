/** Moves what `router.db` held of observations, in earlier releases, into a file of its own. */
import { join } from 'node:path';
import { failpoint } from '../failpoint';
import { Database } from '@secagg/journal/sqlite';
import { observationMigrations } from './observation-migrations';
import { OBSERVATIONS_FILE } from './observations-file';

const TABLES = ['observation', 'accepted_batch', 'local_signal', 'digest_key'];
const PAGE = 1000;

/**
 * Does nothing where there are none. Whatever is interrupted is done again: the new file has all of it or none, and the
 * old tables go after that.
 */
export function importObservations(router: Database, dataDir: string, groupAccess: boolean): void {
  const held = router.get("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'observation'");
  if (!held) return;
  const own = Database.open(join(dataDir, OBSERVATIONS_FILE), observationMigrations, { groupAccess });
  try {
    failpoint('before-durable:observations-imported');
    own.transaction(() => {
      if (own.get('SELECT imported FROM state')?.[0] === 1) return;
      copyAll(router, own);
      own.run('UPDATE state SET imported = 1');
      failpoint('in-durable:observations-imported');
    });
    failpoint('after-durable:observations-imported');
  } finally {
    own.close();
  }
  failpoint('before-durable:observations-moved');
  router.transaction(() => {
    for (const table of TABLES) router.run(`DROP TABLE ${table}`);
    failpoint('in-durable:observations-moved');
  });
  // Deleted content is overwritten (secure_delete), but the log still has it.
  router.checkpoint();
  failpoint('after-durable:observations-moved');
}

function copyAll(from: Database, to: Database): void {
  copy(from, to, 'observation', ['id', 'key', 'body', 'requester', 'received_at_ms', 'taken_by']);
  copy(from, to, 'local_signal', ['id', 'body', 'taken_by']);
  copy(from, to, 'digest_key', ['id', 'sealed']);
  for (const row of from.all('SELECT idempotency_key, digest, accepted, at_ms FROM accepted_batch'))
    to.run('INSERT INTO accepted_batch (idempotency_key, digest, accepted, at_ms) VALUES (?, ?, ?, ?)', ...row);
  to.run(
    `INSERT INTO claim SELECT taken_by, sum(observations) FROM (
       SELECT taken_by, 1 AS observations FROM observation WHERE taken_by IS NOT NULL
       UNION ALL SELECT taken_by, 0 FROM local_signal WHERE taken_by IS NOT NULL
     ) GROUP BY taken_by`,
  );
  // So that no id is used twice: bodies are sealed for theirs.
  to.run("DELETE FROM sqlite_sequence WHERE name IN ('observation', 'local_signal')");
  for (const row of from.all("SELECT name, seq FROM sqlite_sequence WHERE name IN ('observation', 'local_signal')"))
    to.run('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', ...row);
}

/** A table whose rows have an `id`, in pages. */
function copy(from: Database, to: Database, table: string, columns: readonly string[]): void {
  const names = columns.join(', ');
  const places = columns.map(() => '?').join(', ');
  for (let last = 0; ; ) {
    const page = from.all(`SELECT ${names} FROM ${table} WHERE id > ? ORDER BY id LIMIT ?`, last, PAGE);
    for (const row of page) to.run(`INSERT INTO ${table} (${names}) VALUES (${places})`, ...row);
    if (page.length < PAGE) return;
    last = page[PAGE - 1][0] as number;
  }
}
