/** What ingest asks of the store of observations. */
import { type RewardObservation } from '@secagg/schema';
import { type RequestIds } from './request-ids';

export type IncomingRow =
  | { readonly kind: 'observation'; readonly observation: RewardObservation; readonly ids?: RequestIds }
  | { readonly kind: 'score'; readonly request: readonly string[]; readonly quality: number };

/**
 * `taken`: a round has the request already; `full`: there is no room for another one; `unlisted`: the catalogue lacks
 * its key, and there is no room for another such one.
 */
export type RowOutcome = 'accepted' | 'duplicate' | 'taken' | 'full' | 'unlisted';

export interface IngestStore {
  /** Each row by itself, in their order. Resolves when those that were accepted are on disk. */
  acceptRows(rows: readonly IncomingRow[]): Promise<readonly RowOutcome[]>;
}
