/** What the opened sums have to be: the participants' vectors and their noise, added up in the clear. */
import { addNoise } from '@secagg/dp-noise';
import { type AuditedRound, groupOf } from '@secagg/protocol';
import { type PartyId, type RandomBytes, type RoundConfig } from '@secagg/schema';

export interface GroupSum {
  readonly group: number;
  readonly routers: readonly string[];
  readonly values: Float64Array;
}

export class ExpectedSums {
  private readonly groups = new Map<number, { routers: Set<string>; values: Float64Array }>();

  constructor(private readonly config: RoundConfig) {}

  /**
   * Adds one router's vector as it went into its contribution.
   * @param vector before noise; overwritten
   * @param again the randomness the router used, from the start
   */
  add(router: PartyId, vector: Float64Array, again: RandomBytes): void {
    const { noise_variance_numerator: numerator, noise_variance_denominator: denominator } = this.config.privacy;
    // A router draws its noise before anything else.
    if (numerator > 0) addNoise(vector, { numerator, denominator }, again);
    this.merge([{ group: groupOf(this.config, router), routers: [router], values: vector }]);
  }

  /** Adds sums that were made elsewhere. */
  merge(sums: readonly GroupSum[]): void {
    for (const { group, routers, values } of sums) {
      const own = this.groups.get(group) ?? { routers: new Set<string>(), values: new Float64Array(values.length) };
      this.groups.set(group, own);
      for (const router of routers) own.routers.add(router);
      for (let i = 0; i < values.length; i++) own.values[i] += values[i];
    }
  }

  sums(): GroupSum[] {
    return [...this.groups].map(([group, { routers, values }]) => ({ group, routers: [...routers], values }));
  }

  /**
   * Throws an Error that says what differs, unless every opened group has exactly the routers and the sum that were
   * added here.
   */
  check(audited: Extract<AuditedRound, { kind: 'opened' }>): void {
    for (const { group, members } of audited.set.groups) {
      const expected = this.groups.get(group);
      const opened = audited.sums.find((sum) => sum.group === group);
      if (!expected || !opened) throw new Error(`group ${group} was not expected to be opened`);
      if (
        members.length !== expected.routers.size ||
        members.some((entry) => !expected.routers.has(entry.header.router))
      ) {
        throw new Error(`group ${group} has other routers than those that contributed to it`);
      }
      const wrong = expected.values.findIndex((value, i) => value !== opened.values[i]);
      if (wrong >= 0)
        throw new Error(
          `group ${group}: coordinate ${wrong} is ${opened.values[wrong]} instead of ${expected.values[wrong]}`,
        );
    }
    const small = [...this.groups].filter(([group]) => !audited.set.groups.some((entry) => entry.group === group));
    const unexplained = small.find(([, { routers }]) => routers.size >= this.config.min_participants_per_group);
    if (unexplained) throw new Error(`group ${unexplained[0]} has enough participants but was not opened`);
  }
}
