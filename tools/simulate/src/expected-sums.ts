/** What the opened sums have to be: the participants' vectors and their noise, added up in the clear. */
import { addNoise } from '@secagg/dp-noise';
import { type AuditedRound, groupOf } from '@secagg/protocol';
import { type PartyId, type RandomBytes, type RoundConfig } from '@secagg/schema';

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
    const index = groupOf(this.config, router);
    const group = this.groups.get(index) ?? { routers: new Set<string>(), values: new Float64Array(vector.length) };
    this.groups.set(index, group);
    group.routers.add(router);
    for (let i = 0; i < vector.length; i++) group.values[i] += vector[i];
  }

  /** Throws an Error that says what differs, unless every opened group has exactly the routers and the sum that were added here. */
  check(audited: Extract<AuditedRound, { kind: 'opened' }>): void {
    for (const { group, members } of audited.set.groups) {
      const expected = this.groups.get(group);
      const opened = audited.sums.find((sum) => sum.group === group);
      if (!expected || !opened) throw new Error(`group ${group} was not expected to be opened`);
      if (members.length !== expected.routers.size || members.some((entry) => !expected.routers.has(entry.header.router))) {
        throw new Error(`group ${group} has other routers than those that contributed to it`);
      }
      const wrong = expected.values.findIndex((value, i) => value !== opened.values[i]);
      if (wrong >= 0) throw new Error(`group ${group}: coordinate ${wrong} is ${opened.values[wrong]} instead of ${expected.values[wrong]}`);
    }
    const small = [...this.groups].filter(([group]) => !audited.set.groups.some((entry) => entry.group === group));
    const unexplained = small.find(([, { routers }]) => routers.size >= this.config.min_participants_per_group);
    if (unexplained) throw new Error(`group ${unexplained[0]} has enough participants but was not opened`);
  }
}
