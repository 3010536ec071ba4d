import { checkCommittee } from './pieces';

/**
 * What a t-of-m committee stands, as a table operators and announcements can be checked against.
 * "Lying" includes being absent, voting twice, denying good boxes and giving wrong answers.
 */
export interface Tolerance {
  readonly members: number;
  readonly threshold: number;
  /** Identical votes that make a decision. */
  readonly quorum: number;
  /** Members that must be able to use a contribution for it to stay in. */
  readonly usable: number;
  /** Members that may pool everything they hold with the coordinator, and still learn only decided sums: t-1. */
  readonly colluding: number;
  /** Members that may be absent, all others honest, with every round still finishing. */
  readonly absent: number;
  /** Members that may lie (the absent included, up to `absent` together) with every round still finishing rightly. */
  readonly lying: number;
  /** The sizes the protocol recommends: m = 3f+1, t = f+1, f >= 1. */
  readonly recommended: boolean;
  /** One English sentence saying the above. */
  readonly statement: string;
}

/**
 * Votes that make a decision: floor((m+t-1)/2) + 1. Two quorums share at least t members, hence an honest one, and an
 * honest member votes once: no two different decisions of a round exist.
 *
 * @throws SecaggError `invalid` as `checkCommittee`
 */
export function quorum(m: number, t: number): number {
  checkCommittee(m, t);
  return Math.floor((m + t - 1) / 2) + 1;
}

/**
 * Members that must report that they can use a contribution: min(m, 2t-1). Of these at least t are honest, so every
 * piece (which only t-1 members lack) has an honest holder.
 *
 * @throws SecaggError `invalid` as `checkCommittee`
 */
export function usableThreshold(m: number, t: number): number {
  checkCommittee(m, t);
  return Math.min(m, 2 * t - 1);
}

/**
 * States what a committee tolerates. With a members silent a round needs
 *
 *     m - a >= quorum           a decision
 *     m - a >= min(m, 2t-1)     contributions that enough members report usable
 *     (m - t + 1) - a >= t      t equal hashes for every piece, when all the silent ones are holders
 *
 * of which the last two are the same bound. Liars count as silent, and must be fewer than t because t of them could
 * open any vector and sign a wrong piece.
 *
 * @throws SecaggError `invalid` as `checkCommittee`
 */
export function tolerance(m: number, t: number): Tolerance {
  const needed = Math.max(quorum(m, t), usableThreshold(m, t));
  const absent = m - needed;
  const colluding = t - 1;
  const lying = Math.min(colluding, absent);
  return {
    members: m,
    threshold: t,
    quorum: quorum(m, t),
    usable: usableThreshold(m, t),
    colluding,
    absent,
    lying,
    recommended: t >= 2 && m === 3 * (t - 1) + 1,
    statement: `A ${t}-of-${m} committee: ${privacySentence(m, colluding)}; ${livenessSentence(absent, lying)}.`,
  };
}

function privacySentence(m: number, colluding: number): string {
  if (m === 1) return 'its one member is trusted with every value';
  if (colluding === 0) return 'every single member is trusted with every value';
  return `${count(colluding)} may collude with the coordinator without learning a single value`;
}

function livenessSentence(absent: number, lying: number): string {
  if (absent === 0) return 'rounds stop when anyone is absent';
  if (lying === absent) return `rounds finish with up to ${count(absent)} absent or lying`;
  return `rounds finish with up to ${count(absent)} absent, of whom ${lying === 0 ? 'none' : lying} may lie`;
}

function count(members: number): string {
  return members === 1 ? '1 member' : `${members} members`;
}
