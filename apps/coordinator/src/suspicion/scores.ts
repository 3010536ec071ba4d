/**
 * Scores over rounds, in memory as the store has them: what refuses contributions and what is told. They follow from
 * published rounds alone, so anybody who keeps the transcripts can compute them too.
 */
import {
  type ClusterRecord,
  type FleetView,
  noRounds,
  quarantineEnd,
  recordOf,
  recordRound,
  type SuspicionEvent,
} from '@secagg/protocol';
import { type PartyId } from '@secagg/schema';
import { type CountRound, type RoundStore } from '../store/store';

export interface NewlyNamed {
  readonly router: string;
  /** The round after which it was named. */
  readonly round: number;
  /** The last round it sits out; undefined without a quarantine in the policy. */
  readonly quarantinedUntil: number | undefined;
}

export class Scores {
  private constructor(
    private readonly store: Pick<RoundStore, 'clusterRecords'>,
    private readonly records: Map<string, ClusterRecord>,
  ) {}

  static async load(store: Pick<RoundStore, 'clusterRecords'>): Promise<Scores> {
    return new Scores(store, await store.clusterRecords());
  }

  of(cluster: string): ClusterRecord {
    return this.records.get(cluster) ?? noRounds();
  }

  quarantinedUntil(view: FleetView, cluster: string, router: string): number | undefined {
    const record = recordOf(this.of(cluster).routers, router);
    return record && quarantineEnd(record, quarantineRounds(view, cluster));
  }

  /**
   * Takes over what the store has of a cluster since one of its rounds was written; gives the routers that are named
   * since.
   */
  async refresh(view: FleetView, cluster: string): Promise<NewlyNamed[]> {
    const record = (await this.store.clusterRecords(cluster)).get(cluster) ?? noRounds();
    const before = this.of(cluster);
    // Two may be asked for at once, and the first answer come last.
    if (record.rounds < before.rounds || record.latestRound < before.latestRound) return [];
    this.records.set(cluster, record);
    return Object.entries(record.routers).flatMap(([router, { namedInRound }]) => {
      if (namedInRound === undefined || recordOf(before.routers, router)?.namedInRound === namedInRound) return [];
      return [{ router, round: namedInRound, quarantinedUntil: this.quarantinedUntil(view, cluster, router) }];
    });
  }

  /** Routers that are named in a cluster, and those of them in quarantine for the rounds to come. */
  count(view: FleetView, cluster: string): { suspected: number; quarantined: number } {
    const { latestRound, routers } = this.of(cluster);
    const named = Object.values(routers).filter(({ namedInRound }) => namedInRound !== undefined);
    const rounds = quarantineRounds(view, cluster);
    return {
      suspected: named.length,
      quarantined: named.filter((record) => (quarantineEnd(record, rounds) ?? 0) > latestRound).length,
    };
  }
}

export const quarantineRounds = (view: FleetView, cluster: string): number =>
  view.policy.clusters.find((entry) => entry.cluster === cluster)?.quarantine_rounds ?? 0;

/** Adds a published round to the scores of its cluster, by the policy and the roster in force. */
export function countRound(view: FleetView, cluster: string, event: SuspicionEvent): CountRound {
  const members = view.policy.clusters.find((entry) => entry.cluster === cluster)?.members ?? [];
  const isMember = (router: string): boolean =>
    isRouter(view, router as PartyId) && (members.length === 0 || members.includes(router as PartyId));
  const terms = { quarantineRounds: quarantineRounds(view, cluster), isMember };
  return (before) => recordRound(before, event, terms);
}

/** On the roster, whether or not its certificate is valid just now. */
function isRouter({ certificates, revoked }: FleetView, router: PartyId): boolean {
  const certificate = certificates.get(router);
  return certificate !== undefined && !revoked.has(certificate.serial) && certificate.roles.includes('router');
}
