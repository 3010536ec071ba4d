/** Takes a seat in a new epoch (docs/protocol.md, "Epochs"). */
import { generateIdentityKey, sealingSuite } from '@secagg/crypto';
import { type RandomBytes, seatMessage, type Signed, type WorkItem } from '@secagg/schema';
import { ensure } from '../checks/check';
import { signDocument } from '../wire/documents';
import { isWithinReach } from '../epoch/verified-epoch';
import { checkFresh } from '../fleet/freshness';
import { type Step } from '../role';
import { type MemberContext, type MemberEvent, type MemberState } from './state';

/**
 * For so long a seat without a certificate keeps its member from epochs with lower numbers: nobody has signed the
 * request for it.
 */
const SEAT_COUNTS_MS = 600_000;

/** Seats without a certificate; the oldest makes room for another. */
const UNCERTIFIED_SEATS = 16;

/** The highest epoch that this member knows of, from certificates and from the seats that it has taken lately. */
function highestEpochOf({ highestEpoch, seats }: MemberState, nowMs: number): number {
  let highest = highestEpoch;
  for (const [epoch, { madeAtMs = -Infinity }] of seats)
    if (Math.abs(nowMs - madeAtMs) < SEAT_COUNTS_MS) highest = Math.max(highest, epoch);
  return highest;
}

/** Throws `policy` for an epoch number far above those that this member has seen certificates of. */
export function checkEpochReach({ highestEpoch }: MemberState, epoch: number): void {
  const isNear = isWithinReach(epoch, highestEpoch);
  ensure('epoch.newer', isNear, 'policy', `epoch ${epoch} is too far above those known`, { epoch });
}

type SeatTerms = Extract<WorkItem, { kind: 'seat' }>;

/**
 * Makes fresh keys for an epoch and the signed seat. The secrets are in the event and must be durable, outside of
 * anything that is backed up, before the seat is sent. Asked again for the same epoch, the same seat is sent. Nobody
 * signs what is asked for, so too many seats in epochs that do not come about make the oldest of them be erased.
 * Throws `stale_documents`, `wrong_epoch` for an epoch number that is not above all epochs known, `policy` for one far
 * above them and for terms the policy does not allow.
 */
export function takeSeat(
  state: MemberState,
  context: MemberContext,
  terms: SeatTerms,
  random: RandomBytes,
  nowMs: number,
): Step<MemberEvent, Signed> {
  const held = state.seats.get(terms.epoch);
  if (held) return { events: [], reply: held.seat };
  checkFresh(state, nowMs);
  const isNewer = terms.epoch > highestEpochOf(state, nowMs) && !state.usedEpochs.has(terms.epoch);
  ensure('epoch.newer', isNewer, 'wrong_epoch', `epoch ${terms.epoch} is not newer than those known`, {
    epoch: terms.epoch,
  });
  checkEpochReach(state, terms.epoch);
  const { policy, roster } = state.view;
  const newest = terms.policy_version === policy.version && terms.roster_version === roster.version;
  ensure('fleet.newest', newest, 'policy', 'the epoch is not made under the newest policy and roster known here', {
    epoch: terms.epoch,
  });
  const asPolicy = terms.threshold === policy.committee.threshold && terms.sealing_suite === policy.sealing_suites[0];
  ensure('epoch.committee', asPolicy, 'policy', 'the epoch has another threshold or sealing suite than the policy', {
    epoch: terms.epoch,
  });
  const short = terms.not_after_ms <= nowMs + policy.committee.max_epoch_ms + policy.clock_tolerance_ms;
  ensure('epoch.lifetime', short, 'policy', 'the epoch lasts too long', { epoch: terms.epoch });
  const kem = sealingSuite(terms.sealing_suite).generateKeyPair(random);
  const vote = generateIdentityKey(random);
  const { kind: _kind, ...shared } = terms;
  const seat = signDocument(
    seatMessage,
    state.view.fleet,
    {
      v: 1,
      fleet: state.view.fleet,
      ...shared,
      member: context.identity.id,
      kem_key: kem.publicKey,
      vote_key: vote.publicKey,
    },
    context.identity.secretKey,
  );
  return {
    events: [
      ...seatsToGiveUp(state),
      {
        type: 'seat-made',
        epoch: terms.epoch,
        seat,
        atMs: nowMs,
        secrets: { kemSecret: kem.secretKey, voteSecret: vote.secretKey },
      },
    ],
    reply: seat,
  };
}

function seatsToGiveUp({ highestEpoch, seats }: MemberState): MemberEvent[] {
  const uncertified = [...seats.keys()].filter((epoch) => epoch > highestEpoch);
  return uncertified
    .slice(0, Math.max(0, uncertified.length + 1 - UNCERTIFIED_SEATS))
    .map((epoch) => ({ type: 'epoch-erased', epoch }));
}
