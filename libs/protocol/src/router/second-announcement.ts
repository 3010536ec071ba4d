/** A coordinator that announces two configurations of one round, as one router can prove it. */
import { type Bytes, type OpenRound, roundConfigMessage } from '@secagg/schema';
import { isSignedBy } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { evidenceOfTwo } from '../evidence/proven-misbehaviour';
import { certificateOf } from '../fleet/fleet-view';
import { roundKey } from '../round/verified-round';
import { type RouterState } from './state';

/**
 * Evidence that what is offered is another configuration of a round this router answered; undefined when it is not, or
 * is not the coordinator's.
 */
export function evidenceOfSecondAnnouncement(
  { view, participations }: RouterState,
  { announcement }: OpenRound,
): Bytes | undefined {
  const { cluster, round, coordinator, round_time_ms } = roundConfigMessage.decode(announcement.body);
  const answered = participations.get(roundKey(cluster, round))?.announcement;
  if (!answered || sameBytes(answered.body, announcement.body)) return undefined;
  const { public_key } = certificateOf(view, coordinator, 'coordinator', round_time_ms);
  if (![answered, announcement].every((signed) => isSignedBy(roundConfigMessage, view.fleet, signed, public_key)))
    return undefined;
  return evidenceOfTwo(view, { kind: 'two-announcements', party: coordinator, statements: [answered, announcement] });
}
