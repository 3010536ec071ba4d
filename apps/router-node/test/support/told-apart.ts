/**
 * Whether two sets of times can be told apart, in ranks alone: what a slow machine does to all of them alike does not
 * matter.
 */

/**
 * The share of pairs in which the first one's value is below the other's, half of a pair for a tie: 1/2 when they
 * cannot be told apart, 0 or 1 when one value tells them apart for certain (Mann and Whitney 1947, Annals of
 * Mathematical Statistics 18).
 */
export function shareBelow(ones: readonly number[], others: readonly number[]): number {
  const score = (one: number, other: number): number => (one < other ? 1 : one === other ? 0.5 : 0);
  const sum = ones.reduce((all, one) => all + others.reduce((below, other) => below + score(one, other), 0), 0);
  return sum / (ones.length * others.length);
}

/**
 * Eight of one and eight of the other that are drawn alike are told apart by luck in 1 of 67 trials; whoever wants to
 * be surer asks twice. A single time that something else has spoilt changes nothing.
 * @returns whether nearly all pairs point the same way
 */
export const areToldApart = (ones: readonly number[], others: readonly number[]): boolean =>
  Math.abs(shareBelow(ones, others) - 0.5) > 0.35;
