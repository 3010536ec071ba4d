/** A fleet for one demo. Each party's key is sealed under its store key. */
import { writeFileSync } from 'node:fs';
import { atRest, sealIdentityKey } from '@secagg/crypto';
import { rhoToBudgetUnits } from '@secagg/dp-noise';
import { clusterTerms, type Identity } from '@secagg/protocol';
import { type PartyId, type Role } from '@secagg/schema';
import { DAY_MS, FleetFolder } from '@secagg/testbed/fleet';
import { random } from '@secagg/testbed/random';
import { type DemoOptions } from '../options';
import { type DemoPlan } from '../plan';

/** Rounds that a router's budget is for, unless more are asked for. */
const BUDGETED_ROUNDS = 30;

export class DemoFleet extends FleetFolder {
  readonly routers: readonly PartyId[];
  readonly members: readonly PartyId[];
  /** Budget of each router over 30 days, as rho. */
  readonly budgetRho: number;
  operator!: Identity;

  private constructor(
    folder: string,
    private readonly options: DemoOptions,
    private readonly plan: DemoPlan,
  ) {
    super({ name: 'demo', folder });
    this.routers = Array.from({ length: options.routers }, (_, i) => `router-${i}` as PartyId);
    this.members = this.routers.slice(0, options.committee);
    this.budgetRho = plan.rho * Math.max(BUDGETED_ROUNDS, options.rounds);
  }

  static async create(folder: string, options: DemoOptions, plan: DemoPlan): Promise<DemoFleet> {
    const fleet = new DemoFleet(folder, options, plan);
    await fleet.enrolSealed('coordinator', ['coordinator']);
    fleet.operator = await fleet.enrolSealed('operator', ['operator']);
    for (const id of fleet.routers)
      await fleet.enrolSealed(id, fleet.members.includes(id) ? ['router', 'committee'] : ['router']);
    fleet.sign();
    fleet.writeDocuments();
    fleet.writeStatement();
    return fleet;
  }

  private async enrolSealed(id: string, roles: readonly Role[]): Promise<Identity> {
    const identity = this.certify(id, roles);
    const sealed = sealIdentityKey(await atRest(this.writeStoreKey(id), random), identity.secretKey, identity.id);
    writeFileSync(this.keyFile(id), sealed, { mode: 0o600 });
    return identity;
  }

  private sign(): void {
    const { options, plan } = this;
    this.signDocuments({
      clusters: [
        clusterTerms(this.cluster, {
          min_participants_per_group: options.minParticipants,
          min_assumed_colluders: options.assumedColluders,
          max_round_rho_units: rhoToBudgetUnits(plan.rho),
          budget_rho_units: rhoToBudgetUnits(this.budgetRho),
          unsafe_no_noise: options.unsafeNoNoise,
        }),
      ],
      committee: { candidates: [...this.members], size: options.committee, threshold: options.threshold },
      freshness: { max_age_ms: DAY_MS, grace_ms: 0 },
    });
  }
}
