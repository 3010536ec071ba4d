/** Without a check, the obvious rule in its place, or none. */
import { type VerifiedRound } from '../../../src/round/verified-round';
import { type SetRules } from '../../../src/round/thresholds';
import { isSwitchedOff } from '../../support/switched-off';

export type { SetRules };

type Of<T extends keyof VerifiedRound> = Pick<VerifiedRound, T>;

/** Without `set.false_reports`, what every member can use is asked for. */
export const isUsable = ({ epoch }: Of<'epoch'>, reports: number): boolean =>
  isSwitchedOff('set.usable') || reports >= (isSwitchedOff('set.false_reports') ? epoch.size : epoch.usableThreshold);

export const reachesMinimum = ({ config }: Of<'config'>, size: number): boolean =>
  isSwitchedOff('set.min_participants') || size >= config.min_participants_per_group;

export const areEnoughGroups = ({ config }: Of<'config'>, groups: number): boolean =>
  isSwitchedOff('set.min_groups') || groups >= Math.floor(config.groups / 2) + 1;

/** Without `piece.agreed`, the first answer is believed. */
export const agreement = ({ epoch }: Of<'epoch'>): number => (isSwitchedOff('piece.agreed') ? 1 : epoch.threshold);
