/**
 * The tables as kysely sees them (docs/data-model.md explains each). Integers are safe ones, bytes are Uint8Arrays:
 * connections see to that.
 */
import { type Bytes, type PartyId, type RoundPhase } from '@secagg/schema';
import { type Generated } from 'kysely';
import { type SuspicionClusterRow, type SuspicionRow } from './suspicion-rows';

export interface Tables {
  journal: { id: number; round_key: string | null; type: string; body: Bytes };
  contributions: {
    journal_id: Generated<number>;
    round_key: string;
    router: PartyId;
    bytes: Bytes;
    /** On PostgreSQL, of what is beside the journal. */
    header: Generated<Bytes | null>;
  };
  open_rounds: { round_key: string; lane: number; room: number; taken: Generated<number> };
  finished_rounds: {
    round_key: string;
    cluster: string;
    round: number;
    phase: RoundPhase;
    contributions: number;
    decision: Bytes | null;
    finished_at_ms: number;
    signal: string | null;
    /** Absent where the record is older than the column. */
    is_empty: Generated<number | null>;
  };
  transcripts: { round_key: string; finished_at_ms: number; body: Bytes };
  operator_nonces: { operator: string; nonce: Bytes; expires_at_ms: number };
  snapshots: { name: string; body: Bytes };
  suspicion_clusters: SuspicionClusterRow;
  suspicion: SuspicionRow;
  tasks: {
    kind: string;
    round_key: string;
    part: Generated<number>;
    first_id: Generated<number>;
    last_id: Generated<number>;
    holder: string | null;
    leased_until_ms: Generated<number>;
  };
  partial_sums: { round_key: string; part: number; group_index: number; words: Bytes };
  /** One row at most, in a database that comes from a backup and has not been used since. */
  backup_mark: { id: number; made_at_ms: number | null; assumed_numbers: number | null };
  /** One row on PostgreSQL: which table of which server the journal is. */
  home: { id: number; place: string };
  waiting_routers: { replica: string; cluster: string; routers: string; seen_at_ms: number };
}
