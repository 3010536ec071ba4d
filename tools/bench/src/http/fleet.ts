/** A fleet that a coordinator and committee members are started with; the routers are played by this process. */
import { clusterTerms, type Identity } from '@secagg/protocol';
import { FleetFolder } from '@secagg/testbed/fleet';

/** A bench needs no budget, only noise. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;
export const COMMITTEE = { size: 7, threshold: 3 } as const;

export class BenchFleet extends FleetFolder {
  readonly operator: Identity;
  readonly members: readonly Identity[];
  readonly routers: readonly Identity[];

  constructor(folder: string, routers: number) {
    super({ name: 'bench', folder });
    this.enrol('coordinator', ['coordinator']);
    this.members = Array.from({ length: COMMITTEE.size }, (_, i) => this.enrol(`member-${i}`, ['committee']));
    for (const { id } of this.members) this.writeStoreKey(id);
    this.operator = this.certify('operator', ['operator']);
    this.routers = Array.from({ length: routers }, (_, i) => this.certify(`router-${i}`, ['router']));
    this.signDocuments({
      clusters: [
        clusterTerms(this.cluster, {
          // The members are parties of their own, and add nothing to a group.
          members: this.routers.map(({ id }) => id).sort(),
          min_participants_per_group: 2,
          max_round_rho_units: UNLIMITED,
          budget_rho_units: UNLIMITED,
        }),
      ],
      committee: { candidates: this.members.map(({ id }) => id), ...COMMITTEE },
    });
    this.writeDocuments();
  }
}
