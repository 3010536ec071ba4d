/** Without `receipt.honoured`, nobody looks. */
import { type Signed } from '@secagg/schema';
import { isSwitchedOff } from '../../support/switched-off';

export const isHonoured = (receipt: Signed | undefined, isListed: boolean): boolean =>
  receipt === undefined || isListed || isSwitchedOff('receipt.honoured');
