/** Without `timing.slot`, a contribution leaves when it is ready. */
import { type Slot } from '../../../../src/participant/slot';
import * as shipped from '../../../../src/participant/until-slot';
import { isSwitchedOff } from '../../../../../../libs/protocol/test/support/switched-off';

export const untilSlot = async (slot: Slot, nowMs: number, signal: AbortSignal): Promise<void> =>
  isSwitchedOff('timing.slot') ? undefined : shipped.untilSlot(slot, nowMs, signal);

export const readyBySlot: typeof shipped.readyBySlot = (preparing, ...rest) =>
  isSwitchedOff('timing.slot') ? preparing : shipped.readyBySlot(preparing, ...rest);
