/** Whether the coordinator has kept the promise of a receipt. */
import { type Signed } from '@secagg/schema';

/** @param isListed whether the contribution is among those of the round */
export const isHonoured = (receipt: Signed | undefined, isListed: boolean): boolean =>
  receipt === undefined || isListed;
