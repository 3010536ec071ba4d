/** What the coordinator hands to members and publishes at the end. */
import {
  closingMessage,
  type Contribution,
  type MemberIndex,
  type MemberViews,
  type PartyId,
  SecaggError,
  type Signed,
  type Transcript,
} from '@secagg/schema';
import { signDocument } from '../wire/documents';
import { inRound } from '../round/verified-round';
import { acceptedParts } from './check-contribution';
import { resolvedWords } from './pieces';
import { type CoordinatorContext, type CoordinatorState, roundOf, type RoundState } from './state';

/**
 * All contributions of a closed round as one member is to see them. Throws `stale_round` before the close.
 * @param parts an accepted contribution, taken apart: all members ask for them, so it pays to do that once
 */
export function memberViews(
  round: RoundState,
  member: MemberIndex,
  parts: (router: PartyId) => Pick<Contribution, 'commitments' | 'boxes'>,
): MemberViews {
  const { config, epoch } = round.verified;
  if (!round.headersRoot) throw new SecaggError('stale_round', 'the round is not closed yet', { round: config.round });
  if (!epoch.body.members[member]) throw new SecaggError('no_seat', 'there is no such member');
  const views = round.headers.map(({ header, signed }) => {
    const { commitments, boxes } = parts(header.router);
    return { header: signed, commitments, box: boxes[member] };
  });
  return { cluster: config.cluster, round: config.round, member, views };
}

/** Routers whose contributions were added up: all that a transcript needs the bytes of. */
const decidedRouters = ({ decision, proposal }: RoundState): PartyId[] =>
  decision?.body.kind === 'ready'
    ? (proposal?.set.groups.flatMap(({ members }) => members.map(({ header }) => header.router)) ?? [])
    : [];

/**
 * The coordinator's word on the list that a closed round has. The same bytes each time. Throws `stale_round` before the
 * close.
 */
export function signClosing(
  { verified: round, headersRoot, headers }: RoundState,
  { identity }: CoordinatorContext,
): Signed {
  const { config } = round;
  if (!headersRoot) throw new SecaggError('stale_round', 'the round is not closed yet', { round: config.round });
  const closing = { ...inRound(round), headers_root: headersRoot, count: headers.length };
  return signDocument(closingMessage, config.fleet, closing, identity.secretKey);
}

/** The published record of a round that was opened or aborted. Throws `no_decision` before that. */
export function buildTranscript(state: CoordinatorState, context: CoordinatorContext, key: string): Transcript {
  const round = roundOf(state, key);
  const { decision } = round;
  if (!decision || (round.phase !== 'published' && round.phase !== 'aborted'))
    throw new SecaggError('no_decision', 'the round is not finished', { round: round.verified.config.round });
  const shared = {
    v: 1 as const,
    ...round.documents,
    epoch_certificate: round.verified.epoch.certificate,
    announcement: round.verified.announcement,
    decision: decision.decision,
  };
  if (decision.body.kind === 'abort')
    return { ...shared, contributions: [], reports: [], answers: [], pieces: [], sums: [] };
  const { groups } = decision.body;
  const decided = new Set(decidedRouters(round));
  return {
    ...shared,
    contributions: round.headers.map(({ signed, header: { router } }) => ({
      header: signed,
      ...(decided.has(router) ? { ciphertext: acceptedParts(context.contribution(key, router)).ciphertext } : {}),
    })),
    reports: round.proposal?.proposal.reports ?? [],
    answers: [...round.answers.entries()].sort(([a], [b]) => a - b).map(([, entry]) => entry.body.answer),
    pieces: groups.flatMap(({ group }) =>
      round.verified.epoch.pieces.map((piece) => ({
        group,
        piece,
        words: resolvedWords(round, group, piece) as Uint8Array,
      })),
    ),
    sums: [...(round.result ?? [])],
  };
}
