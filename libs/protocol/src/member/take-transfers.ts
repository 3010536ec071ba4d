/** Takes seeds that other holders pass on (docs/protocol.md, "Answering"). */
import { holds, matchesCommitment, type SealingOpener, sealingSuite, SEED_BYTES, wipe } from '@secagg/crypto';
import {
  type Bytes,
  type MemberIndex,
  type PartyId,
  type SealedBox,
  SecaggError,
  type SeedTransfer,
  type Signed,
  type SubsetMask,
  transferMessage,
} from '@secagg/schema';
import { ensure } from '../checks/check';
import { openDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { checkInRound } from '../round/contribution-set';
import { type VerifiedDecision } from '../round/decision';
import { commitmentContext, sealingInfo } from '../wire/bindings';
import { type OpenedViews } from './check-views';
import { type MemberState } from './state';
import { sharedPieces, transferAad } from './transfer-seeds';

/**
 * Takes seeds from other holders, checked against the commitments. Senders of wrong ones are named, the rest is kept.
 */
export function takeTransfers(
  state: MemberState,
  opened: OpenedViews,
  decision: VerifiedDecision,
  transfers: readonly Signed[],
): { wrong: string[] } {
  const { round, member } = opened;
  const secrets = state.seats.get(round.config.epoch)?.secrets;
  if (!secrets) throw new SecaggError('no_seat', 'the secrets of the epoch are gone');
  const opener = sealingSuite(round.epoch.body.sealing_suite).opener(secrets.kemSecret);
  const index = new Map(opened.headers.map((entry, i) => [entry.header.router, i]));
  const collected = new Map<number, Map<SubsetMask, Bytes>>();
  const wrong = new Set<string>();
  for (const signed of transfers) {
    let sender = 'unknown';
    try {
      const transfer = openTransfer(opened, decision, signed);
      sender = round.epoch.body.members[transfer.from].id;
      for (const { router, box } of transfer.boxes) {
        const i = index.get(router);
        if (i === undefined || opened.seeds[i]) continue;
        const passed = openPassedSeeds(
          opened,
          opener,
          { ...transfer, decisionHash: decision.hash },
          { router, box, commitments: opened.commitments[i] },
        );
        collected.set(i, new Map([...(collected.get(i) ?? []), ...passed]));
      }
    } catch (error) {
      if (!(error instanceof SecaggError)) throw error;
      wrong.add(sender);
    }
  }
  const needed = round.epoch.pieces.filter((piece) => holds(member, piece)).length;
  for (const [i, seeds] of collected) {
    if (seeds.size === needed) opened.seeds[i] = seeds;
    else wipe(...seeds.values());
  }
  return { wrong: [...wrong] };
}

function openTransfer({ round, member }: OpenedViews, decision: VerifiedDecision, signed: Signed): SeedTransfer {
  const sender = round.epoch.body.members[transferMessage.decode(signed.body).from];
  if (!sender) throw new SecaggError('no_seat', 'the transfer is of no member');
  const transfer = openDocument(transferMessage, round.config.fleet, signed, sender.vote_key, sender.id);
  checkInRound(round, transfer, sender.id);
  if (transfer.to !== member || !sameBytes(transfer.decision_hash, decision.hash))
    throw new SecaggError('wrong_config', 'the transfer is for another member or decision');
  return transfer;
}

function openPassedSeeds(
  { round, member }: OpenedViews,
  opener: SealingOpener,
  { from, decisionHash }: { readonly from: MemberIndex; readonly decisionHash: Bytes },
  { router, box, commitments }: { readonly router: PartyId; readonly box: SealedBox; readonly commitments: Bytes },
): Map<SubsetMask, Bytes> {
  const shared = sharedPieces(round, from, member);
  const aad = transferAad(round, decisionHash, router, from, member);
  const plaintext = sealingSuite(round.epoch.body.sealing_suite).open(
    opener,
    box.encapsulation,
    sealingInfo(round.config.fleet),
    aad,
    box.ciphertext,
  );
  try {
    if (plaintext.length !== SEED_BYTES * shared.length)
      throw new SecaggError('malformed', 'the transfer has the wrong length');
    const context = commitmentContext(round, router);
    const seedOf = (k: number): Bytes => plaintext.subarray(SEED_BYTES * k, SEED_BYTES * (k + 1));
    const committed = shared.every((piece, k) => matchesCommitment(context, commitments, piece, seedOf(k)));
    ensure('transfer.commitments', committed, 'cannot_open', 'a seed does not match its commitment');
    return new Map(shared.map((piece, k) => [piece, seedOf(k).slice()]));
  } finally {
    wipe(plaintext);
  }
}
