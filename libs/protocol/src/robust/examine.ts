/** Which groups of a round can be believed. */
import { type RoundConfig } from '@secagg/schema';
import { type GroupJudgement, judgeGroups } from './group-scores';
import { type GroupStatistic, groupStatistics } from './group-statistics';
import { type GroupSums, type Implausibility, implausibility } from './plausibility';

export interface GroupScore extends Partial<GroupJudgement> {
  readonly group: number;
  readonly size: number;
  /** Implausible, or too far from the others. */
  readonly flagged: boolean;
  /** Then the group is not scored. */
  readonly implausible?: Implausibility;
}

export interface ExaminedGroups {
  /** Of every opened group, in the order given. */
  readonly scores: readonly GroupScore[];
  /** Groups that are not implausible, with their judgements and what was compared, by position. */
  readonly plausible: readonly GroupSums[];
  readonly judgements: readonly GroupJudgement[];
  readonly statistics: readonly GroupStatistic[];
}

export function examineGroups(config: RoundConfig, sums: readonly GroupSums[]): ExaminedGroups {
  const checked = sums.map((entry) => ({ entry, implausible: implausibility(config, entry) }));
  const plausible = checked.filter(({ implausible }) => implausible === undefined).map(({ entry }) => entry);
  const statistics = groupStatistics(config, plausible);
  const judgements = judgeGroups(statistics, plausible.length);
  const judged = new Map(plausible.map(({ group }, position) => [group, judgements[position]]));
  const scores = checked.map(({ entry: { group, size }, implausible }): GroupScore => {
    const judgement = judged.get(group);
    return judgement ? { group, size, ...judgement } : { group, size, flagged: true, implausible };
  });
  return { scores, plausible, judgements, statistics };
}
