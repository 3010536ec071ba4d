/** What one verified round says of one key (docs/priors.md, "Evidence"). */
import { type KeyDetails, type RoundLayout, type RewardSignal, type Withheld } from '@secagg/schema';

export const MEASURES = ['success', 'latency', 'quality', 'cost'] as const;
export type Measure = (typeof MEASURES)[number];

/** A sum over requests and their number, both with noise. */
export interface NoisyRatio {
  readonly sum: number;
  readonly count: number;
  readonly sumVariance: number;
  readonly countVariance: number;
  readonly covariance: number;
}

export type CellEvidence =
  | {
      readonly kind: 'measured';
      readonly samples: { readonly value: number; readonly variance: number };
      readonly ratios: Partial<Readonly<Record<Measure, NoisyRatio>>>;
      /** The count is too small beside its noise to be published by itself. */
      readonly isWithheld: boolean;
    }
  /** Withheld: all that is known is that the noisy count was below a threshold. */
  | { readonly kind: 'censored'; readonly below: number; readonly variance: number }
  /** Withheld for a reason that says nothing about the count. */
  | { readonly kind: 'unknown' };

/** A round whose sums are at hand: of a plain sum, as its transcript opens them. */
export interface SummedRound {
  readonly kind: 'sums';
  readonly layout: Pick<RoundLayout, 'keys' | 'fields'>;
  /** Length d, in units of the layout. */
  readonly sums: Float64Array;
  /** On each coordinate, in squared units. */
  readonly noiseVariance: number;
  /** Of this router, in the same units, as it is in the sums: taken out of them, for it is known without noise. */
  readonly own?: Float64Array;
}

/** A round of which the published result is at hand: combined robustly, or received from elsewhere. */
export interface ResultRound {
  readonly kind: 'result';
  readonly signals: Readonly<Record<string, RewardSignal>>;
  readonly details: Readonly<Record<string, KeyDetails>>;
  readonly withheld: readonly Withheld[];
  /** Standard deviation of the noise on a count of requests; absent without noise. */
  readonly noise?: number;
  /** Of this router, as far as it is in the result: taken out of it in the proportion of a plain sum. */
  readonly own?: { readonly layout: SummedRound['layout']; readonly vector: Float64Array };
}

export interface RoundEvidence {
  readonly cluster: string;
  readonly round: number;
  readonly timeMs: number;
  readonly participants: number;
  /** Absent without noise. */
  readonly epsilon?: number;
  readonly source: SummedRound | ResultRound;
}
