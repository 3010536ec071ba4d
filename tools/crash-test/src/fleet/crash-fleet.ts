/** A fleet for one part of a crash test: six router-nodes, of which four are the committee. */
import { rhoToBudgetUnits } from '@secagg/dp-noise';
import { clusterTerms, type FleetDocuments, type Identity } from '@secagg/protocol';
import { type PartyId } from '@secagg/schema';
import { DAY_MS, FleetFolder } from '@secagg/testbed/fleet';
import { type FleetKind, fleetTerms } from './terms';

export const ROUTERS = 6;
export const COMMITTEE = { size: 4, threshold: 2 };

export class CrashFleet extends FleetFolder {
  readonly routers = Array.from({ length: ROUTERS }, (_, i) => `router-${i}` as PartyId);
  /** The first of the routers, in increasing order of id: the index in an epoch is the index here. */
  readonly members: readonly PartyId[] = this.routers.slice(0, COMMITTEE.size);
  readonly operator: Identity;
  /** On the roster, and played by this program: its boxes do not open everywhere. */
  readonly saboteur: Identity;

  constructor(
    folder: string,
    readonly kind: FleetKind,
  ) {
    super({ name: 'crash-test', folder });
    this.enrol('coordinator', ['coordinator']);
    this.operator = this.enrol('operator', ['operator']);
    this.saboteur = this.enrol('saboteur', ['router']);
    for (const id of this.routers) {
      this.enrol(id, this.members.includes(id) ? ['router', 'committee'] : ['router']);
      this.writeStoreKey(id);
    }
    this.nextDocuments();
    this.writeDocuments();
    this.writeStatement();
  }

  /** The next versions of policy and roster, with the same content. */
  nextDocuments(): FleetDocuments {
    const terms = fleetTerms(this.kind);
    return this.signDocuments({
      clusters: [
        clusterTerms(this.cluster, {
          min_participants_per_group: terms.leastParticipants,
          min_assumed_colluders: terms.assumedColluders,
          privacy_units: [terms.privacyUnit],
          max_round_rho_units: rhoToBudgetUnits(terms.maxRoundRho),
          budget_rho_units: rhoToBudgetUnits(terms.budgetRho),
          unsafe_no_noise: !terms.noise,
        }),
      ],
      committee: { candidates: [...this.members], ...COMMITTEE },
      freshness: { max_age_ms: DAY_MS, grace_ms: 0 },
    });
  }
}
