/** The defence applied to an audited round. */
import { type CombinedGroups, combineGroups, majorityOf, type RobustCombination } from '../robust/combine';
import { examineGroups, type GroupScore } from '../robust/examine';
import { implausibility, type ImplausibleGroup } from '../robust/plausibility';
import { type SuspicionEvent } from '../robust/suspicion';
import { type OpenedRound } from './audited-round';

/**
 * How far every opened group of a round lies from the others, also when the round is a plain sum. Post-processing: it
 * costs no privacy.
 */
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

/**
 * For the operator: what was combined, what was not and why. Published, and the same for everyone who recomputes it.
 */
export interface RobustReport {
  readonly combination: RobustCombination;
  /** Groups in the result: the plausible ones; none when everything is withheld. */
  readonly combined_groups: readonly number[];
  readonly discarded_groups: readonly ImplausibleGroup[];
  /** Of every opened group; to three decimals. */
  readonly scores: readonly GroupScore[];
}

export interface RobustResult extends CombinedGroups {
  readonly report: RobustReport;
  /** So many groups are discarded that no majority is left: then they are what makes the round implausible. */
  readonly implausible: readonly ImplausibleGroup[];
}

/** Groups of a round whose sums no honest routers can have sent, in the order in which they were opened. */
export const implausibleGroups = ({ round: { config }, set, sums }: OpenedRound): ImplausibleGroup[] =>
  sums.flatMap((sum) => {
    const wrong = implausibility(config, sum);
    return wrong ? [{ group: sum.group, routers: routersIn(set, sum.group), ...wrong }] : [];
  });

const routersIn = ({ groups }: OpenedRound['set'], wanted: number): string[] =>
  groups.filter(({ group }) => group === wanted).flatMap(({ members }) => members.map(({ header }) => header.router));

export function robustResult(audited: OpenedRound, combination: RobustCombination): RobustResult {
  const examined = examineGroups(audited.round.config, audited.sums);
  const combined = combineGroups(audited.round.config, examined, combination);
  const discarded = examined.scores.flatMap(({ group, implausible }) =>
    implausible ? [{ group, routers: routersIn(audited.set, group), ...implausible }] : [],
  );
  const report: RobustReport = {
    combination,
    combined_groups: (combined.keys.size > 0 ? examined.plausible : []).map(({ group }) => group),
    discarded_groups: discarded,
    scores: examined.scores.map(rounded),
  };
  const isLost = examined.plausible.length < majorityOf(examined.scores.length);
  return { ...combined, report, implausible: isLost ? discarded : [] };
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
