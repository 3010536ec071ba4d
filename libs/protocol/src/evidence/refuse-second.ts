/** A second statement where a party has one. */
import { type ProblemCode, SecaggError } from '@secagg/schema';
import { type CheckName } from '../checks/names';
import { type FleetView } from '../fleet/fleet-view';
import { type Accusation, evidenceOfTwo, ProvenMisbehaviour } from './proven-misbehaviour';

/** Throws the refusal of a second statement, with the evidence where it can be given. */
export function refuseSecond(
  check: CheckName,
  view: FleetView,
  accusation: Accusation,
  refusal: { code: ProblemCode; message: string; details: SecaggError['details'] },
): never {
  const evidence = evidenceOfTwo(view, accusation);
  const details = { ...refusal.details, party: accusation.party, check };
  throw evidence
    ? new ProvenMisbehaviour(refusal.code, refusal.message, details, evidence)
    : new SecaggError(refusal.code, refusal.message, details);
}
