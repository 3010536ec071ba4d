/** A member votes once in a round, with the key of its epoch (docs/protocol.md, "Deciding"). */
import { signMessage } from '@secagg/crypto';
import { type Signed, type Vote, type VoteBody, voteBodyMessage } from '@secagg/schema';
import { ensure, refuse } from '../checks/check';
import { sameBytes } from '../wire/bytes';
import { isWithinReach } from '../epoch/verified-epoch';
import { ofRoundKey, roundKey, type VerifiedRound } from '../round/verified-round';
import { type Step } from '../role';
import { type OpenedViews } from './check-views';
import { type MemberEvent, type MemberState } from './state';

/** The vote this member has cast in the round. Throws `already_voted` when that was on another configuration of it. */
export function heldVote(state: MemberState, round: VerifiedRound): Vote | undefined {
  const vote = state.rounds.get(roundKey(round.config.cluster, round.config.round))?.vote;
  const same = vote === undefined || sameBytes(voteBodyMessage.decode(vote.body).config_hash, round.configHash);
  ensure('vote.once', same, 'already_voted', 'a vote was cast on another configuration of the round', {
    round: round.config.round,
  });
  return vote;
}

/**
 * Throws `stale_round` for a round that this member spoke about in an epoch that is erased (one vote a round, whatever
 * epoch it is announced in again), and `policy` for a number far above those it has spoken about in the epochs that it
 * has a seat in.
 */
export function checkMaySpeak(state: MemberState, { config }: VerifiedRound): void {
  const at = { round: config.round };
  const erased = state.rounds.get(roundKey(config.cluster, config.round));
  const isErased = erased !== undefined && !state.seats.has(erased.epoch);
  ensure('vote.once', !isErased, 'stale_round', `round ${config.round} was spoken about in an epoch erased here`, at);
  let highest = 0;
  for (const [key, { epoch }] of state.rounds) {
    const { cluster, round } = ofRoundKey(key);
    if (cluster === config.cluster && state.seats.has(epoch)) highest = Math.max(highest, round);
  }
  const isNear = isWithinReach(config.round, highest);
  ensure('round.once', isNear, 'policy', `round ${config.round} is too far above the highest spoken about`, at);
}

export function castVote(
  state: MemberState,
  round: VerifiedRound,
  member: OpenedViews['member'],
  body: VoteBody,
  proposal?: Signed,
): Step<MemberEvent, Vote> {
  checkMaySpeak(state, round);
  const bytes = voteBodyMessage.encode(body);
  const signature = signMessage(
    voteSecret(state, round),
    { type: voteBodyMessage.type, fleet: round.config.fleet },
    bytes,
  );
  const vote: Vote = { body: bytes, member, signature };
  return {
    events: [
      {
        type: 'voted',
        key: roundKey(round.config.cluster, round.config.round),
        epoch: round.config.epoch,
        vote,
        ...(proposal ? { proposal } : {}),
      },
    ],
    reply: vote,
  };
}

export function voteSecret(state: MemberState, round: VerifiedRound): Uint8Array {
  const secrets = state.seats.get(round.config.epoch)?.secrets;
  if (!secrets)
    refuse('seat.secrets', 'no_seat', `the secrets of epoch ${round.config.epoch} are gone`, {
      round: round.config.round,
    });
  return secrets.voteSecret;
}
