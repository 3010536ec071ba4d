/** The result of an opened round in the one form in which it is published and compared. */
import { type DecodedSums, type PartyId } from '@secagg/schema';
import { type ImplausibleGroup } from '../robust/plausibility';
import { type RobustReport } from './robust-result';
import { aggregateResult } from './aggregate';
import { type OpenedRound } from './audited-round';

export interface PublishedResult extends DecodedSums {
  /** Router ids, in increasing order. */
  readonly participants: readonly string[];
  readonly left_out: readonly { readonly router: PartyId; readonly reason: 'unusable' | 'group_too_small' }[];
  /** How groups were combined, unless they were added up. */
  readonly robust?: RobustReport;
  /** Present when no honest fleet can have produced the result: why. Everything is withheld then. */
  readonly implausible?: readonly ImplausibleGroup[];
  readonly privacy: {
    readonly unit: 'router' | 'request';
    /** zCDP cost of the round; null without noise, when nothing is claimed. */
    readonly rho: number | null;
    readonly epsilon: number | null;
    readonly delta: number;
  };
}

const claimed = (value: number): number | null => (Number.isFinite(value) ? value : null);

export function publishedResult(audited: OpenedRound): PublishedResult {
  const { signal, details, withheld, participants, privacy, robust, implausible } = aggregateResult(audited);
  const { unit, rho, epsilon, delta } = privacy;
  return {
    signal,
    details,
    withheld,
    participants,
    left_out: audited.set.excluded,
    ...(robust ? { robust } : {}),
    ...(implausible ? { implausible } : {}),
    privacy: { unit, rho: claimed(rho), epsilon: claimed(epsilon), delta },
  };
}

/** The bytes of `signal.json`: the same for everyone who recomputes the round. */
export const publishedResultBytes = (result: PublishedResult): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`);
