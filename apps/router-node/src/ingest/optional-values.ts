/**
 * Cost and tokens of a request as another system states them. The operator of that system cannot mend a row, so one
 * that has a value that cannot be is kept without it, and the value counts as dropped.
 */
import { type RewardObservation } from '@secagg/schema';
import { type OptionalValue } from './row';

const MOST = { cost_usd: 1e6, tokens: 1e9, quality: 1 } as const satisfies Record<OptionalValue, number>;

export interface UsableValues {
  readonly values: Pick<RewardObservation, OptionalValue>;
  readonly dropped: readonly OptionalValue[];
}

/**
 * @param given what was said; undefined for what was not, NaN for what is no number. Costs above the most there are
 * count as that
 */
export function usableValues(given: { readonly [Name in OptionalValue]?: number | undefined }): UsableValues {
  const values: { -readonly [Name in OptionalValue]?: number } = {};
  const dropped: OptionalValue[] = [];
  for (const [name, most] of Object.entries(MOST) as [OptionalValue, number][]) {
    const value = given[name];
    if (value === undefined) continue;
    const usable = name === 'cost_usd' ? Math.min(value, most) : value;
    if (usable >= 0 && usable <= most && (name !== 'tokens' || Number.isInteger(usable))) values[name] = usable + 0;
    else dropped.push(name);
  }
  return { values, dropped };
}
