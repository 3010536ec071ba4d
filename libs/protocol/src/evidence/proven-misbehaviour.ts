/** Refusals that come with the proof of why. */
import {
  type Bytes,
  type EpochCertificate,
  type EvidenceKind,
  type PartyId,
  type ProblemCode,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { type FleetView } from '../fleet/fleet-view';
import { encodeEvidence } from './verify-evidence';

/**
 * A refusal whose cause proves a party's misbehaviour. The evidence is not among the details: it is for whoever keeps
 * it, not for the one that is refused.
 */
export class ProvenMisbehaviour extends SecaggError {
  constructor(
    code: ProblemCode,
    message: string,
    details: SecaggError['details'],
    readonly evidence: Bytes,
  ) {
    super(code, message, details);
  }
}

/** The certificate of a party as the authority signed it; undefined when it is not on the roster. */
export const signedCertificate = (view: Pick<FleetView, 'signedCertificates'>, party: string): Signed | undefined =>
  view.signedCertificates.get(party as PartyId);

export interface Accusation {
  readonly kind: EvidenceKind;
  readonly party: string;
  /** Two statements of the party, with different bodies. */
  readonly statements: readonly [Signed, Signed];
  readonly epoch?: EpochCertificate;
}

/** Evidence of two statements where there may be one; undefined for a party whose certificate is not known here. */
export function evidenceOfTwo(view: FleetView, { kind, party, statements, epoch }: Accusation): Bytes | undefined {
  const certificate = signedCertificate(view, party);
  return (
    certificate &&
    encodeEvidence({
      kind,
      fleet: view.fleet,
      party,
      certificates: [certificate],
      statements,
      ...(epoch ? { epoch } : {}),
    })
  );
}
