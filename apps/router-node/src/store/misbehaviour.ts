/**
 * Evidence of other parties' misbehaviour: two signatures where there may be one. One of a kind is kept for a party and
 * its key.
 */
import { type Misbehaviour } from '@secagg/protocol';
import { type Database } from '@secagg/journal/sqlite';

export interface MisbehaviourEntry {
  readonly kind: string;
  readonly party: string;
  readonly serial: number;
  readonly cluster: string | null;
  readonly round: number | null;
  readonly atMs: number;
}

export class MisbehaviourTable {
  constructor(private readonly database: Database) {}

  /** @returns false when there is the like already */
  put({ kind, party, serial, publicKey, cluster, round }: Misbehaviour, message: Uint8Array, nowMs: number): boolean {
    return (
      this.database.run(
        'INSERT INTO misbehaviour (kind, party, public_key, serial, cluster, round, message, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        kind,
        party,
        publicKey,
        serial,
        cluster ?? null,
        round ?? null,
        message,
        nowMs,
      ) > 0
    );
  }

  /** Newest first. */
  list(): MisbehaviourEntry[] {
    return this.database
      .all('SELECT kind, party, serial, cluster, round, at_ms FROM misbehaviour ORDER BY at_ms DESC LIMIT 100')
      .map(([kind, party, serial, cluster, round, atMs]) => ({
        kind: kind as string,
        party: party as string,
        serial: serial as number,
        cluster: cluster as string | null,
        round: round as number | null,
        atMs: atMs as number,
      }));
  }

  /** The encoded evidence. */
  message(kind: string, party: string, serial: number): Uint8Array | undefined {
    return this.database.get(
      'SELECT message FROM misbehaviour WHERE kind = ? AND party = ? AND serial = ?',
      kind,
      party,
      serial,
    )?.[0] as Uint8Array | undefined;
  }

  /** Kinds that there is evidence of. */
  kindsOf(party: string, publicKey: Uint8Array): string[] {
    return this.database
      .all('SELECT kind FROM misbehaviour WHERE party = ? AND public_key = ?', party, publicKey)
      .map(([kind]) => kind as string);
  }
}
