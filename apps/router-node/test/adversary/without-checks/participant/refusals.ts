/** Without `hint.retried`, the first refusal is believed. */
import * as shipped from '../../../../src/participant/refusals';
import { isSwitchedOff } from '../../../../../../libs/protocol/test/support/switched-off';

export const { afterRefusalMs } = shipped;
export const isBelieved = (count: number, leftMs: number): boolean =>
  isSwitchedOff('hint.retried') || shipped.isBelieved(count, leftMs);
