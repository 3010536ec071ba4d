/** Passes seeds to a holder whose boxes failed (docs/protocol.md, "Answering"). */
import { domainMessage, holds, sealingSuite, SEED_BYTES, wipe } from '@secagg/crypto';
import {
  type Bytes,
  type MemberIndex,
  type PartyId,
  type RandomBytes,
  type SealedBox,
  SecaggError,
  type Signed,
  type SubsetMask,
  transferMessage,
} from '@secagg/schema';
import { signDocument } from '../wire/documents';
import { type ContributionSet } from '../round/contribution-set';
import { type VerifiedDecision } from '../round/decision';
import { inRound, type VerifiedRound } from '../round/verified-round';
import { sealingInfo } from '../wire/bindings';
import { type OpenedViews } from './check-views';
import { type MemberState } from './state';
import { voteSecret } from './cast-vote';

export const transferAad = (round: VerifiedRound, decision: Bytes, router: PartyId, from: number, to: number): Bytes =>
  domainMessage('transfer', round.epoch.hash, round.configHash, decision, router, from, to);

/** Pieces whose seeds two members share, in increasing order: what one can pass to the other. */
export const sharedPieces = (round: VerifiedRound, a: number, b: number): SubsetMask[] =>
  round.epoch.pieces.filter((piece) => holds(a as MemberIndex, piece) && holds(b as MemberIndex, piece));

/** Passes the seeds of decided routers to a holder whose boxes had failed, sealed to its epoch key. */
export function transferSeeds(
  state: MemberState,
  opened: OpenedViews,
  decided: { set: ContributionSet; decision: VerifiedDecision },
  need: { to: MemberIndex; routers: readonly PartyId[] },
  random: RandomBytes,
): Signed {
  const { round, member } = opened;
  const receiver = round.epoch.body.members[need.to];
  if (!receiver || need.to === member)
    throw new SecaggError('no_seat', 'there is no such receiver of seeds', { round: round.config.round });
  const inSet = new Set(decided.set.groups.flatMap((group) => group.members.map((entry) => entry.header.router)));
  const index = new Map(opened.headers.map((entry, i) => [entry.header.router, i]));
  const suite = sealingSuite(round.epoch.body.sealing_suite);
  const recipient = suite.recipient(receiver.kem_key);
  const shared = sharedPieces(round, member, need.to);
  const boxes = need.routers.flatMap((router): { router: PartyId; box: SealedBox }[] => {
    const seeds = inSet.has(router) ? opened.seeds[index.get(router) as number] : undefined;
    if (!seeds) return [];
    const plaintext = new Uint8Array(SEED_BYTES * shared.length);
    shared.forEach((piece, i) => plaintext.set(seeds.get(piece) as Bytes, SEED_BYTES * i));
    const aad = transferAad(round, decided.decision.hash, router, member, need.to);
    const box = suite.seal(recipient, sealingInfo(round.config.fleet), aad, plaintext, random);
    wipe(plaintext);
    return [{ router, box }];
  });
  if (boxes.length === 0)
    throw new SecaggError('recovery_failed', 'none of the seeds asked for are held here', {
      round: round.config.round,
    });
  const body = { ...inRound(round), decision_hash: decided.decision.hash, from: member, to: need.to, boxes };
  return signDocument(transferMessage, round.config.fleet, body, voteSecret(state, round));
}
