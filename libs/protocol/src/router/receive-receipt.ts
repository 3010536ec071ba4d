/** The coordinator's receipt for a contribution (docs/protocol.md, "Collecting"). */
import { receiptMessage, roundConfigMessage, SecaggError, type Signed } from '@secagg/schema';
import { sameBytes } from '../wire/bytes';
import { openDocument } from '../wire/documents';
import { certificateOf } from '../fleet/fleet-view';
import { configHash } from '../round/verified-round';
import { type Step } from '../role';
import { type RouterContext, type RouterEvent, type RouterState } from './state';
import { answeredRound, participationOf } from './participation';

/** Verifies the coordinator's receipt for what was sent. Throws `bad_signature` or `wrong_config`. */
export function receiveReceipt(
  state: RouterState,
  context: RouterContext,
  key: string,
  signed: Signed,
): Step<RouterEvent, undefined> {
  const participation = participationOf(state, key);
  const config = roundConfigMessage.decode(participation.announcement.body);
  // Under the roster the round was announced under, as everybody would check it that it is shown to.
  const coordinator = certificateOf(
    answeredRound(state.view, participation).view,
    config.coordinator,
    'coordinator',
    config.round_time_ms,
  );
  const receipt = openDocument(receiptMessage, state.view.fleet, signed, coordinator.public_key, config.coordinator);
  // Every field: a receipt is worth what it proves later.
  const matches =
    receipt.router === context.identity.id &&
    receipt.fleet === config.fleet &&
    receipt.cluster === config.cluster &&
    receipt.round === config.round &&
    receipt.coordinator === config.coordinator &&
    sameBytes(receipt.config_hash, configHash(participation.announcement.body)) &&
    sameBytes(receipt.header_hash, participation.headerHash);
  if (!matches) throw new SecaggError('wrong_config', 'the receipt is for something else', { round: config.round });
  return { events: [{ type: 'receipt-received', key, receipt: signed }], reply: undefined };
}
