/** Without its check, a second statement is taken like the first. */
import { type ProblemCode, SecaggError } from '@secagg/schema';
import { type CheckName } from '../../../src/checks/names';
import { type Accusation, evidenceOfTwo, ProvenMisbehaviour } from '../../../src/evidence/proven-misbehaviour';
import { type FleetView } from '../../../src/fleet/fleet-view';
import { isSwitchedOff } from '../../support/switched-off';

export function refuseSecond(
  check: CheckName,
  view: FleetView,
  accusation: Accusation,
  { code, message, details }: { code: ProblemCode; message: string; details: SecaggError['details'] },
): void {
  if (isSwitchedOff(check)) return;
  const evidence = evidenceOfTwo(view, accusation);
  const all = { ...details, party: accusation.party, check };
  throw evidence ? new ProvenMisbehaviour(code, message, all, evidence) : new SecaggError(code, message, all);
}
