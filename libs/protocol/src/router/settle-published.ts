/** Settles a round by its published record (docs/protocol.md, "Publishing and auditing"). */
import { decideCorrection, decideRelease, type LedgerEvent } from '@secagg/dp-noise';
import { SecaggError, type Transcript } from '@secagg/schema';
import { type AuditedRound } from '../result/audited-round';
import { auditTranscript } from '../auditor/audit-round';
import { ensure } from '../checks/check';
import { hex, sameBytes } from '../wire/bytes';
import { type Step } from '../role';
import { isHonoured } from './honoured';
import { type RouterEvent, type RouterState } from './state';
import { isSettled, ledgerPart, participationOf } from './participation';

export interface SettledRound {
  readonly outcome: 'included' | 'left_out';
  readonly audited: AuditedRound;
  /**
   * A receipt was given but the contribution is missing and no published report explains it: evidence against the
   * coordinator.
   */
  readonly receiptNotHonoured: boolean;
}

/**
 * Verifies a published round in full and settles this router's part in it: the charge is corrected to the actual set,
 * or released when the contribution was left out. Throws when the transcript does not verify; nothing is settled then.
 */
export function settlePublished(
  state: RouterState,
  key: string,
  transcript: Transcript,
  nowMs: number,
): Step<RouterEvent, SettledRound> {
  const participation = participationOf(state, key);
  const sameRound = sameBytes(transcript.announcement.body, participation.announcement.body);
  ensure(
    'transcript.same_round',
    sameRound,
    'wrong_config',
    'the published round is another configuration than the one answered',
  );
  const audited = auditTranscript(state.view.authorityKey, transcript);
  if (audited.kind !== 'opened') throw new SecaggError('no_decision', 'the published round was aborted');
  const included = audited.set.groups.some((group) =>
    group.members.some((entry) => sameBytes(entry.hash, participation.headerHash)),
  );
  const listed = transcript.contributions.some((entry) =>
    sameBytes(audited.hashOf(entry.header), participation.headerHash),
  );
  const outcome = included ? 'included' : 'left_out';
  const events: RouterEvent[] = isSettled(participation)
    ? []
    : [{ type: 'round-settled', key, outcome, ...ledgerPart(settlement(state, audited, included, nowMs)) }];
  return { events, reply: { outcome, audited, receiptNotHonoured: !isHonoured(participation.receipt, listed) } };
}

function settlement(
  state: RouterState,
  audited: Extract<AuditedRound, { kind: 'opened' }>,
  included: boolean,
  nowMs: number,
): LedgerEvent | undefined {
  const { config, configHash } = audited.round;
  const key = { cluster: config.cluster, round: config.round, configHash: hex(configHash) };
  const decision = included
    ? decideCorrection(state.ledger, key, audited.cost.units, nowMs)
    : decideRelease(state.ledger, key, nowMs);
  return decision.outcome === 'settled' ? decision.event : undefined;
}
