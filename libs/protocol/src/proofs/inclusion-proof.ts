/**
 * Checks where a router's contribution stands in a decided round, without the contributions of the others
 * (docs/protocol.md, "Publishing and auditing").
 */
import { type ProvenLeaf, verifyInclusion, verifyNeighbours } from '@secagg/crypto';
import {
  type Bytes,
  type ContributionHeader,
  type HeaderLeaf,
  headerMessage,
  type InclusionProof,
  type PartyId,
  type Report,
  reportMessage,
  SecaggError,
  type Signed,
  type Standing,
} from '@secagg/schema';
import { sameBytes } from '../wire/bytes';
import { bitOf, headerHashOf, openReport, reportsHash } from '../round/contribution-set';
import { type VerifiedDecision, verifyDecision } from '../round/decision';
import { groupOf, type VerifiedRound } from '../round/verified-round';

export type VerifiedStanding =
  | { readonly kind: 'included'; readonly headerHash: Bytes; readonly group: number; readonly size: number }
  | { readonly kind: 'left_out'; readonly headerHash: Bytes; readonly reason: 'unusable' | 'group_too_small' }
  | { readonly kind: 'absent' };

export interface VerifiedInclusion {
  readonly decision: VerifiedDecision;
  readonly standing: VerifiedStanding;
}

/**
 * Verifies a proof about this round. Throws `wrong_config` for another round or router, `no_decision` and what a
 * decision can throw, `bad_proof` for paths and neighbours that do not fit, and what reports can throw.
 * @param round verified from the authority's key
 */
export function verifyInclusionProof(round: VerifiedRound, router: PartyId, proof: InclusionProof): VerifiedInclusion {
  const { config } = round;
  if (proof.cluster !== config.cluster || proof.round !== config.round || proof.router !== router) {
    throw new SecaggError('wrong_config', 'the inclusion proof is about another round or router', {
      round: config.round,
    });
  }
  const decision = verifyDecision(round, proof.decision);
  return { decision, standing: verifyStanding(round, decision, router, proof.standing) };
}

/**
 * Verifies where a router stands. That the list is in order, and that the set follows from the reports, was checked by
 * every honest member that voted, so by one in every quorum. Throws as {@link verifyInclusionProof}.
 */
export function verifyStanding(
  round: VerifiedRound,
  decision: VerifiedDecision,
  router: PartyId,
  standing: Standing,
): VerifiedStanding {
  const { body } = decision;
  if (body.kind !== 'ready')
    throw new SecaggError('no_decision', 'the round was aborted: no contribution has a place in it', {
      round: body.round,
    });
  const group = groupOf(round.config, router);
  const decided = body.groups.find((entry) => entry.group === group);
  if (standing.kind === 'included') {
    const { hash } = ownLeaf(round, router, standing);
    if (!decided || !isUnder(standing, hash, decided.size, decided.set_root))
      refuse(round, `it does not show ${router} in the decided set`);
    return { kind: 'included', headerHash: hash, group, size: decided.size };
  }
  const { reports, root, count } = openReports(round, body.reports_hash, standing.reports);
  if (standing.kind === 'absent') {
    checkAbsence(round, router, standing, { root, count });
    return { kind: 'absent' };
  }
  const { hash } = ownLeaf(round, router, standing);
  if (!isUnder(standing, hash, count, root)) refuse(round, `it does not show ${router} in the list of contributions`);
  const unusable =
    reports.filter((report) => bitOf(report.usable, standing.index)).length < round.epoch.usableThreshold;
  if (!unusable && decided)
    throw new SecaggError('no_decision', `nothing explains why ${router} is not in the set`, {
      party: router,
      round: body.round,
    });
  return { kind: 'left_out', headerHash: hash, reason: unusable ? 'unusable' : 'group_too_small' };
}

function refuse(round: VerifiedRound, what: string): never {
  throw new SecaggError('bad_proof', what, { round: round.config.round });
}

/** The proposed reports, all about one list. Throws `no_decision` when the decision went by others. */
function openReports(
  round: VerifiedRound,
  hash: Bytes,
  signed: readonly Signed[],
): { reports: Report[]; root: Bytes; count: number } {
  if (!sameBytes(reportsHash(signed), hash))
    throw new SecaggError('no_decision', 'the quorum decided by other reports', { round: round.config.round });
  const { headers_root: root, count } = reportMessage.decode(signed[0].body);
  const reports = signed.map((entry) => openReport(round.view, round, root, count, entry));
  reports.forEach(({ member }, i) => {
    if (i > 0 && reports[i - 1].member >= member)
      throw new SecaggError('bad_proposal', 'the reports are not of distinct members in order');
  });
  return { reports, root, count };
}

function checkAbsence(
  round: VerifiedRound,
  router: PartyId,
  { before, after }: Extract<Standing, { kind: 'absent' }>,
  list: { root: Bytes; count: number },
): void {
  const [left, right] = [before, after].map((found) => found && openLeaf(round, found));
  if ((left && !(left.header.router < router)) || (right && !(router < right.header.router)))
    refuse(round, `${router} does not belong between these two`);
  if (!verifyNeighbours(left?.proven, right?.proven, list.count, list.root))
    refuse(round, 'these two are not side by side in the list of contributions');
}

function ownLeaf(round: VerifiedRound, router: PartyId, found: HeaderLeaf): { hash: Bytes } {
  const { header, proven } = openLeaf(round, found);
  if (header.router !== router) refuse(round, `it shows the place of ${header.router}, not of ${router}`);
  return { hash: proven.leaf };
}

function openLeaf(
  round: VerifiedRound,
  { header: body, index, path }: HeaderLeaf,
): { header: ContributionHeader; proven: ProvenLeaf } {
  const header = headerMessage.decode(body);
  if (!sameBytes(header.config_hash, round.configHash)) refuse(round, 'it has a contribution to another round');
  return { header, proven: { leaf: headerHashOf(body), index, path } };
}

const isUnder = ({ index, path }: HeaderLeaf, hash: Bytes, size: number, root: Bytes): boolean =>
  verifyInclusion(hash, index, size, path, root);
