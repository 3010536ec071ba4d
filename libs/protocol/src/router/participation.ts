/** A round that this router has answered. */
import { type LedgerEvent } from '@secagg/dp-noise';
import { SecaggError } from '@secagg/schema';
import { deriveEpoch } from '../epoch/verified-epoch';
import { type FleetView } from '../fleet/fleet-view';
import { deriveRound, type VerifiedRound } from '../round/verified-round';
import { type Participation, type RouterState } from './state';

export const ledgerPart = (ledger: LedgerEvent | undefined) => (ledger ? { ledger } : {});

/** An outcome that is shown after all takes the place of none. */
export const isSettled = ({ outcome }: Participation): boolean => outcome !== undefined && outcome !== 'undecided';

/** The round this router answered, as it checked it then. */
export const answeredRound = (view: FleetView, participation: Participation): VerifiedRound =>
  deriveRound(view, deriveEpoch(participation.epochCertificate), participation.announcement);

export function participationOf(state: RouterState, key: string): Participation {
  const participation = state.participations.get(key);
  if (!participation) throw new SecaggError('no_round', 'this router did not take part in the round');
  return participation;
}
