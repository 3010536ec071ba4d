/**
 * What the router's software has told it, as it lies in `observations.db`: sealed for its row under the store key, or,
 * in a node without one, in the clear. Sealed values are BLOBs and clear ones TEXT, so the two are never taken for one
 * another.
 */
import { createHmac } from 'node:crypto';
import { type AtRest, wipe } from '@secagg/crypto';
import { exitCodes, HostFault } from '@secagg/host';
import { type RandomBytes, SecaggError } from '@secagg/schema';
import { type Database, type SqlValue } from '@secagg/journal/sqlite';

const PAGE = 1000;

export type SealedTable = 'observation' | 'local_signal' | 'waiting_score' | 'own_requests' | 'own_part';

export interface RowSeal {
  /** What is stored for a text in a row. */
  seal(text: string, table: SealedTable, id: number): SqlValue;
  /** The text again. Throws `cannot_open` for a value that was moved from another row or altered. */
  open(stored: SqlValue, table: SealedTable, id: number): string;
  /**
   * What is stored for a digest of such texts: few bits of an observation are unknown, so a plain digest could be tried
   * out.
   */
  keyedDigest(digest: Uint8Array): Uint8Array;
}

export interface RowSealOptions {
  readonly storeKey: AtRest;
  readonly router: string;
  readonly random: RandomBytes;
}

export const inTheClear: RowSeal = {
  seal: (text) => text,
  open: (stored) => stored as string,
  keyedDigest: (digest) => digest,
};

/**
 * With a store key, what lies there in the clear from before is sealed now. Throws {@link HostFault}, and changes
 * nothing, when the rows are sealed under another key, or when they are sealed and there is no key.
 */
export function openRowSeal(database: Database, options: RowSealOptions | undefined): RowSeal {
  const stored = database.get('SELECT sealed FROM digest_key WHERE id = 1')?.[0] as Uint8Array | undefined;
  if (!options) {
    if (stored) throw new HostFault(exitCodes.config, 'observations.db is sealed under a store key, and none is given');
    return inTheClear;
  }
  if (stored) return rowSeal(options, openDigestKey(options, stored));
  const digestKey = options.random(32);
  const seal = rowSeal(options, digestKey);
  database.transaction(() => {
    database.run(
      'INSERT INTO digest_key (id, sealed) VALUES (1, ?)',
      options.storeKey.seal(digestKey, digestContext(options.router)),
    );
    sealClearRows(database, seal);
  });
  // Deleted content is overwritten (secure_delete), but the log still has it.
  database.checkpoint();
  return seal;
}

const digestContext = (router: string): string => `router.db/${router}/digest-key`;

function openDigestKey({ storeKey, router }: RowSealOptions, sealed: Uint8Array): Uint8Array {
  try {
    return storeKey.open(sealed, digestContext(router));
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    throw new HostFault(
      exitCodes.config,
      `observations.db is sealed under another store key, or belongs to another router than ${router}`,
    );
  }
}

/** The contexts name the file that the rows were in before they had one of their own. */
function rowSeal({ storeKey, router }: RowSealOptions, digestKey: Uint8Array): RowSeal {
  const contextOf = (table: SealedTable, id: number) => `router.db/${router}/${table}/${id}`;
  return {
    seal: (text, table, id) => {
      const plaintext = new Uint8Array(Buffer.from(text, 'utf8'));
      const sealed = storeKey.seal(plaintext, contextOf(table, id));
      wipe(plaintext);
      return sealed;
    },
    open: (stored, table, id) => {
      if (!(stored instanceof Uint8Array)) throw new SecaggError('cannot_open', `${table} ${id} is not sealed`);
      const plaintext = storeKey.open(stored, contextOf(table, id));
      const text = Buffer.from(plaintext).toString('utf8');
      wipe(plaintext);
      return text;
    },
    keyedDigest: (digest) => new Uint8Array(createHmac('sha256', digestKey).update(digest).digest()),
  };
}

function sealClearRows(database: Database, seal: RowSeal): void {
  for (const table of ['observation', 'local_signal', 'waiting_score', 'own_requests', 'own_part'] as const) {
    for (let last = 0; ; ) {
      const page = database.all(`SELECT id, body FROM ${table} WHERE id > ? ORDER BY id LIMIT ?`, last, PAGE);
      for (const [id, body] of page)
        database.run(`UPDATE ${table} SET body = ? WHERE id = ?`, seal.seal(body as string, table, id as number), id);
      if (page.length < PAGE) break;
      last = page[PAGE - 1][0] as number;
    }
  }
  for (const [key, digest] of database.all('SELECT idempotency_key, digest FROM accepted_batch')) {
    database.run(
      'UPDATE accepted_batch SET digest = ? WHERE idempotency_key = ?',
      seal.keyedDigest(digest as Uint8Array),
      key,
    );
  }
}
