/** Without `timing.poll`, the next poll waits until the contribution is prepared. */
import * as shipped from '../../../../src/participant/enter-round';
import { isSwitchedOff } from '../../../../../../libs/protocol/test/support/switched-off';

export const enterRound: typeof shipped.enterRound = async (router, open, seenAtMs, signal, begun) => {
  let prepared: Promise<unknown> | undefined;
  await shipped.enterRound(router, open, seenAtMs, signal, (preparing, slot) => {
    prepared = preparing;
    begun(preparing, slot);
  });
  if (isSwitchedOff('timing.poll')) await prepared?.catch(() => undefined);
};
