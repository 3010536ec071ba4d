/** The result of a round that a router did not take part in: believed by the rules it would have taken part by. */
import { type ClusterHash, roundConfigMessage, SecaggError, type Transcript } from '@secagg/schema';
import { auditTranscript } from '../auditor/audit-round';
import { type AuditedRound } from '../result/audited-round';
import { ensure } from '../checks/check';
import { sameBytes } from '../wire/bytes';
import { isWithinReach } from '../epoch/verified-epoch';
import { type RouterState } from './state';

export interface ObservedRound {
  readonly cluster: ClusterHash | string;
  readonly round: number;
}

/**
 * Verifies the record of a round in full, under the newest policy and roster that this router knows.
 * @param highestHeld number of the newest result held of the cluster, 0 for none
 * Throws `wrong_config` for another round, `policy` for documents that are not the newest, numbers out of reach and a
 * time in the future, `wrong_epoch` for an epoch below the highest answered under, and as {@link auditTranscript}.
 */
export function observeRound(
  state: RouterState,
  transcript: Transcript,
  { cluster, round }: ObservedRound,
  highestHeld: number,
  nowMs: number,
): AuditedRound {
  const { view, highestEpoch } = state;
  const config = roundConfigMessage.decode(transcript.announcement.body);
  if (config.fleet !== view.fleet || config.cluster !== cluster || config.round !== round)
    throw new SecaggError('wrong_config', 'the transcript is of another round', { round });
  const at = { round };
  const highest = Math.max(highestHeld, state.highestRound.get(cluster) ?? 0);
  ensure(
    'round.once',
    isWithinReach(round, highest),
    'policy',
    `round ${round} is too far above the highest known`,
    at,
  );
  ensure(
    'epoch.newer',
    isWithinReach(config.epoch, highestEpoch),
    'policy',
    `epoch ${config.epoch} is too far above the highest seen`,
    at,
  );
  ensure(
    'epoch.not_older',
    config.epoch >= highestEpoch,
    'wrong_epoch',
    `epoch ${config.epoch} is below the highest seen`,
    at,
  );
  const isNewest =
    sameBytes(transcript.policy.body, view.documents.policy.body) &&
    sameBytes(transcript.roster.body, view.documents.roster.body);
  ensure('fleet.newest', isNewest, 'policy', 'made under a policy or roster that is not the newest known', at);
  const audited = auditTranscript(view.authorityKey, transcript);
  const isPast = config.round_time_ms <= nowMs + view.policy.clock_tolerance_ms;
  ensure('round.times', isPast, 'policy', 'the round lies in the future', at);
  return audited;
}
