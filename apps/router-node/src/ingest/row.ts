/** What a row of a body becomes, whatever shape it came in. */
import { type RewardObservation } from '@secagg/schema';
import { type RequestIds } from './request-ids';

/** A value of an observation that may be left out where it cannot be used. */
export type OptionalValue = 'quality' | 'cost_usd' | 'tokens';

export interface ObservationRow {
  readonly kind: 'observation';
  readonly observation: RewardObservation;
  /** Without them it cannot be told whether the same request comes again. */
  readonly ids?: RequestIds;
  /** Values that were there and could not be used. */
  readonly dropped: readonly OptionalValue[];
}

/** How good the answer to a request was, which came by itself. */
export interface ScoreRow {
  readonly kind: 'score';
  /** Names under which the request may be known. */
  readonly request: readonly string[];
  /** In [0, 1]. */
  readonly quality: number;
}

/** Why a row that is as it should be is of no use here. */
export type SkipReason =
  | 'cache_hit'
  | 'call_type'
  | 'duplicate'
  | 'no_model_call'
  | 'no_score'
  | 'other_evaluation'
  | 'request_taken'
  | 'unlisted';

export type Row = ObservationRow | ScoreRow | { readonly kind: 'skip'; readonly reason: SkipReason };
