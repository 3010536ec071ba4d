/** Evidence of other parties' misbehaviour: two signatures where there may be one. One of a kind is kept for a party and its certificate. */
import { type Misbehaviour } from '@secagg/protocol';
import { type Database } from './database';

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
  put({ kind, party, serial, cluster, round }: Misbehaviour, message: Uint8Array, nowMs: number): boolean {
    return this.database.run(
      'INSERT INTO misbehaviour (kind, party, serial, cluster, round, message, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      kind, party, serial, cluster ?? null, round ?? null, message, nowMs,
    ) > 0;
  }

  /** Newest first. */
  list(): MisbehaviourEntry[] {
    return this.database
      .all('SELECT kind, party, serial, cluster, round, at_ms FROM misbehaviour ORDER BY at_ms DESC LIMIT 100')
      .map(([kind, party, serial, cluster, round, atMs]) => ({
        kind: kind as string, party: party as string, serial: serial as number, cluster: cluster as string | null, round: round as number | null, atMs: atMs as number,
      }));
  }

  /** The encoded evidence. */
  message(kind: string, party: string, serial: number): Uint8Array | undefined {
    return this.database.get('SELECT message FROM misbehaviour WHERE kind = ? AND party = ? AND serial = ?', kind, party, serial)?.[0] as Uint8Array | undefined;
  }

  has(party: string, serial: number): boolean {
    return this.database.get('SELECT 1 FROM misbehaviour WHERE party = ? AND serial = ? LIMIT 1', party, serial) !== undefined;
  }
}
