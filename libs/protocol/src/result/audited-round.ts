/**
 * What an audit of a finished round shows: nothing else makes a result (docs/protocol.md, "Publishing and auditing").
 */
import { type Bytes, type Signed } from '@secagg/schema';
import { type FleetView } from '../fleet/fleet-view';
import { type VerifiedRound } from '../round/verified-round';
import { type VerifiedDecision } from '../round/decision';
import { type ContributionSet } from '../round/contribution-set';
import { type RoundPrivacyCost } from '../round/privacy';

export type AuditedRound =
  | {
      readonly kind: 'aborted';
      readonly view: FleetView;
      readonly round: VerifiedRound;
      readonly decision: VerifiedDecision;
    }
  | {
      readonly kind: 'opened';
      readonly view: FleetView;
      readonly round: VerifiedRound;
      readonly decision: VerifiedDecision;
      readonly set: ContributionSet;
      /** Recomputed sum of each opened group: d centred integers. */
      readonly sums: readonly { group: number; size: number; values: Float64Array }[];
      readonly cost: RoundPrivacyCost;
      readonly hashOf: (header: Signed) => Bytes;
    };

/** A round of which the sums were opened. */
export type OpenedRound = Extract<AuditedRound, { kind: 'opened' }>;
