/** Charges for a contribution and records it, before it is sent (docs/protocol.md, "Contribution"). */
import { type Bytes, type RandomBytes } from '@secagg/schema';
import { roundKey, type VerifiedRound } from '../round/verified-round';
import { type Step } from '../role';
import { type BuiltContribution, prepareContribution } from './contribution';
import { type RouterContext, type RouterEvent, type RouterState } from './state';
import { checkUnanswered } from './check-round';
import { decideRoundCharge } from './charge';

/**
 * Builds the contribution to a checked round and records it: see `prepareContribution` and {@link recordContribution}.
 */
export function contribute(
  state: RouterState,
  context: RouterContext,
  round: VerifiedRound,
  vector: Float64Array,
  random: RandomBytes,
  nowMs: number,
  carriedUnits = 0,
): Step<RouterEvent, Bytes> {
  const built = prepareContribution(round, context.identity, vector, random, nowMs);
  return recordContribution(state, context, round, built, nowMs, carriedUnits);
}

/**
 * Charges for a contribution to a checked round. The event (charge and bytes) must be durable before the bytes are
 * sent; they are sent again, unchanged, until a receipt arrives. Throws `stale_round` or `wrong_epoch` when another
 * configuration of the round was answered since the check, and what charging throws.
 * @param carriedUnits the most that a request in it has been charged before, by rounds that may have published it
 */
export function recordContribution(
  state: RouterState,
  context: RouterContext,
  round: VerifiedRound,
  { bytes, headerHash }: BuiltContribution,
  nowMs: number,
  carriedUnits = 0,
): Step<RouterEvent, Bytes> {
  // Rounds are checked long before they are answered; without noise the ledger would not notice a second configuration.
  checkUnanswered(state, round.config);
  const charge = decideRoundCharge(state, context, round, nowMs, carriedUnits);
  const { cluster, round: number, epoch } = round.config;
  const events: RouterEvent[] = [
    { type: 'epoch-seen', epoch },
    {
      type: 'contribution-prepared',
      key: roundKey(cluster, number),
      cluster,
      round: number,
      announcement: round.announcement,
      epochCertificate: round.epoch.certificate,
      headerHash,
      bytes,
      ...(charge ? { charge } : {}),
    },
  ];
  return { events, reply: bytes };
}
