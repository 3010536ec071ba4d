/** The defence applied to an audited round. */
import { type AuditedRound } from '../auditor/audit-round';
import { combineGroups, type CombinedGroups, type RobustCombination } from './combine';
import { examineGroups, type GroupScore } from './examine';
import { type Implausibility } from './plausibility';
import { type SuspicionEvent } from './suspicion';

type OpenedRound = Extract<AuditedRound, { kind: 'opened' }>;

/** How far every opened group of a round lies from the others, also when the round is a plain sum. Post-processing: it costs no privacy. */
export const groupScores = (audited: OpenedRound): readonly GroupScore[] =>
  examineGroups(audited.round.config, audited.sums).scores;

/** What a round adds to the record of its routers. */
export function suspicionEvent(
  audited: OpenedRound,
  scores: readonly GroupScore[] = groupScores(audited),
): SuspicionEvent {
  const flagged = new Map(scores.map((entry) => [entry.group, entry.flagged]));
  return {
    type: 'groups-scored',
    round: audited.round.config.round,
    groups: audited.set.groups.map(({ group, members }) => ({
      flagged: flagged.get(group) ?? false,
      routers: members.map(({ header }) => header.router),
    })),
  };
}

/** For the operator: what was combined, what was not and why. Published, and the same for everyone who recomputes it. */
export interface RobustReport {
  readonly combination: RobustCombination;
  /** Groups in the result: the plausible ones; none when everything is withheld. */
  readonly combined_groups: readonly number[];
  readonly discarded_groups: readonly ({
    readonly group: number;
    readonly routers: readonly string[];
  } & Implausibility)[];
  /** Of every opened group; to three decimals. */
  readonly scores: readonly GroupScore[];
}

export interface RobustResult extends CombinedGroups {
  readonly report: RobustReport;
}

export function robustResult(audited: OpenedRound, combination: RobustCombination): RobustResult {
  const examined = examineGroups(audited.round.config, audited.sums);
  const routersOf = new Map(
    audited.set.groups.map(({ group, members }) => [group, members.map(({ header }) => header.router as string)]),
  );
  const combined = combineGroups(audited.round.config, examined, combination);
  const report: RobustReport = {
    combination,
    combined_groups: (combined.keys.size > 0 ? examined.plausible : []).map(({ group }) => group),
    discarded_groups: examined.scores.flatMap(({ group, implausible }) =>
      implausible ? [{ group, routers: routersOf.get(group) ?? [], ...implausible }] : [],
    ),
    scores: examined.scores.map(rounded),
  };
  return { ...combined, report };
}

const toThousandths = (value: number): number => Math.round(value * 1000) / 1000;

function rounded(score: GroupScore): GroupScore {
  if (score.score === undefined) return score;
  const { largest } = score;
  return {
    ...score,
    score: toThousandths(score.score),
    ...(largest ? { largest: { ...largest, deviation: toThousandths(largest.deviation) } } : {}),
  };
}
