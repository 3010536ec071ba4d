/** How many of something it takes in a round (docs/protocol.md, "The set" and "Answering"). */
import { type VerifiedRound } from './verified-round';

type Of<T extends keyof VerifiedRound> = Pick<VerifiedRound, T>;

/** What of a round the set depends on, besides headers and reports. */
export interface SetRules {
  readonly config: VerifiedRound['config'];
  readonly epoch: Pick<VerifiedRound['epoch'], 'usableThreshold'>;
}

/** Whether so many reports that a contribution is usable keep it in the set. */
export const isUsable = ({ epoch }: Pick<SetRules, 'epoch'>, reports: number): boolean =>
  reports >= epoch.usableThreshold;

/** Whether a group of so many contributions may be opened. */
export const reachesMinimum = ({ config }: Of<'config'>, size: number): boolean =>
  size >= config.min_participants_per_group;

/** Whether so many groups are enough for the round: more than half of them. */
export const areEnoughGroups = ({ config }: Of<'config'>, groups: number): boolean =>
  groups >= Math.floor(config.groups / 2) + 1;

/** How many holders have to sign the same hash of a piece: at most t-1 of them lie. */
export const agreement = ({ epoch }: Of<'epoch'>): number => epoch.threshold;
