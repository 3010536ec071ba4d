/**
 * Which contributions stay in: a function of the headers and the proposed reports alone (docs/protocol.md, "The set").
 */
import { domainHash, merkleRoot } from '@secagg/crypto';
import {
  type Bytes,
  type ContributionHeader,
  headerMessage,
  type PartyId,
  type Report,
  reportMessage,
  SecaggError,
  type Signed,
  type VoteBody,
} from '@secagg/schema';
import { type CheckName } from '../checks/names';
import { ensure, refuse, under } from '../checks/check';
import { openUnder } from '../checks/open-under';
import { isSignedBy } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { checkClusterMember, type FleetView } from '../fleet/fleet-view';
import { keyOf } from './header-key';
import { areEnoughGroups, isUsable, reachesMinimum, type SetRules } from './thresholds';
import { groupOf, type VerifiedRound } from './verified-round';

export const headerHashOf = (body: Bytes): Bytes => domainHash('contribution-header', body);
export const headerHash = (header: Signed): Bytes => headerHashOf(header.body);

/** A contribution's header after its public checks. */
export interface CheckedHeader {
  readonly signed: Signed;
  readonly header: ContributionHeader;
  readonly hash: Bytes;
}

/**
 * The public checks of one header: certificate, revocation, role and validity at the round time, cluster membership,
 * signature, epoch, round, config hash, group. Throws a SecaggError whose code names the first that fails.
 */
export function checkHeader(view: FleetView, round: VerifiedRound, signed: Signed): CheckedHeader {
  const header = headerMessage.view(signed.body);
  const { config } = round;
  const party = header.router;
  const at = { party, round: config.round };
  const isSigned = isSignedBy(headerMessage, view.fleet, signed, keyOf(view, party, config.round_time_ms));
  ensure('header.signature', isSigned, 'bad_signature', `the contribution is not signed by ${party}`, at);
  under('header.cluster', () => checkClusterMember(round.policy, party));
  const sameRound = header.fleet === config.fleet && header.cluster === config.cluster && header.round === config.round;
  ensure('header.round', sameRound, 'stale_round', 'made for another round', at);
  ensure('header.epoch', sameBytes(header.epoch_hash, config.epoch_hash), 'wrong_epoch', 'made for another epoch', at);
  ensure(
    'header.config',
    sameBytes(header.config_hash, round.configHash),
    'wrong_config',
    'made for another configuration of the round',
    at,
  );
  ensure('header.group', header.group === groupOf(config, party), 'wrong_group', 'not in its assigned group', at);
  if (header.box_digests.length !== round.epoch.size) throw new SecaggError('invalid', 'needs one box per member', at);
  return { signed, header, hash: headerHash(signed) };
}

export const headersRoot = (headers: readonly CheckedHeader[]): Bytes => merkleRoot(headers.map((entry) => entry.hash));

/**
 * Throws `round_full` above the maximum of participants, and `duplicate` unless the headers are in strictly increasing
 * order of router id: one contribution a router.
 */
export function checkOrder(headers: readonly CheckedHeader[], { config }: Pick<VerifiedRound, 'config'>): void {
  // More than the words were made for could wrap around.
  ensure(
    'headers.order',
    headers.length <= config.max_participants,
    'round_full',
    'more contributions than the round may have',
    { round: config.round },
  );
  headers.forEach(({ header: { router } }, i) => {
    const follows = i === 0 || headers[i - 1].header.router < router;
    ensure('headers.order', follows, 'duplicate', 'contributions are not in order, or a router is there twice', {
      party: router,
      round: config.round,
    });
  });
}

export const bitOf = (bitmap: Bytes, index: number): boolean => ((bitmap[index >> 3] >> (index & 7)) & 1) === 1;

/**
 * Verifies a member's report on `count` headers with the given root. Throws `no_seat`, `bad_signature`, `wrong_config`,
 * `bad_proposal`, `invalid` or `not_canonical`.
 */
export function openReport(view: FleetView, round: VerifiedRound, root: Bytes, count: number, signed: Signed): Report {
  const claimed = reportMessage.decode(signed.body);
  const seat = round.epoch.body.members[claimed.member];
  if (!seat)
    refuse('report.signed', 'no_seat', 'the report is of no member of the epoch', { round: round.config.round });
  const report = openUnder('report.signed', reportMessage, view.fleet, signed, { key: seat.vote_key, id: seat.id });
  under('report.signed', () => checkInRound(round, report, seat.id));
  const sameHeaders = report.count === count && sameBytes(report.headers_root, root);
  ensure('report.headers', sameHeaders, 'bad_proposal', `the report of ${seat.id} is about other headers`, {
    party: seat.id,
    round: round.config.round,
  });
  if (report.usable.length !== Math.ceil(count / 8))
    throw new SecaggError('invalid', 'the report has the wrong length', { party: seat.id });
  if (count % 8 !== 0 && report.usable[report.usable.length - 1] >>> count % 8 !== 0)
    throw new SecaggError('not_canonical', 'the report has bits after the last contribution', { party: seat.id });
  return report;
}

/** Throws `wrong_config` unless a statement is about exactly this round. */
export function checkInRound(
  round: VerifiedRound,
  statement: { fleet: string; cluster: string; round: number; epoch_hash: Bytes; config_hash: Bytes },
  party?: string,
): void {
  const { config } = round;
  if (
    statement.fleet !== config.fleet ||
    statement.cluster !== config.cluster ||
    statement.round !== config.round ||
    !sameBytes(statement.epoch_hash, config.epoch_hash) ||
    !sameBytes(statement.config_hash, round.configHash)
  ) {
    throw new SecaggError('wrong_config', 'the statement is about another round', { party, round: config.round });
  }
}

export interface DecidedGroup {
  readonly group: number;
  /** In increasing order of router id. */
  readonly members: readonly CheckedHeader[];
}

export interface ContributionSet {
  readonly groups: readonly DecidedGroup[];
  /** Left out, with the reason: too few members can use it, or its group is too small. */
  readonly excluded: readonly { router: PartyId; reason: 'unusable' | 'group_too_small' }[];
}

/** Throws `insufficient_participants` when fewer than half of the groups are left. */
export function checkEnoughGroups(round: VerifiedRound, set: ContributionSet): void {
  const { round: number } = round.config;
  if (areEnoughGroups(round, set.groups.length)) return;
  const check: CheckName = set.excluded.some(({ reason }) => reason === 'group_too_small')
    ? 'set.min_participants'
    : 'set.min_groups';
  refuse(check, 'insufficient_participants', 'too few groups reach their minimum', { round: number });
}

/** Derives the set. `reports` are verified and of distinct members. */
export function deriveSet(
  round: SetRules,
  headers: readonly CheckedHeader[],
  reports: readonly Report[],
): ContributionSet {
  const byGroup = new Map<number, CheckedHeader[]>();
  const excluded: { router: PartyId; reason: 'unusable' | 'group_too_small' }[] = [];
  headers.forEach((entry, index) => {
    const usable = reports.filter((report) => bitOf(report.usable, index)).length;
    if (!isUsable(round, usable)) excluded.push({ router: entry.header.router, reason: 'unusable' });
    else {
      const members = byGroup.get(entry.header.group);
      if (members) members.push(entry);
      else byGroup.set(entry.header.group, [entry]);
    }
  });
  const groups: DecidedGroup[] = [];
  for (const group of [...byGroup.keys()].sort((a, b) => a - b)) {
    const members = byGroup.get(group) as CheckedHeader[];
    if (reachesMinimum(round, members.length)) groups.push({ group, members });
    else for (const entry of members) excluded.push({ router: entry.header.router, reason: 'group_too_small' });
  }
  return { groups, excluded };
}

/** The vote that follows from a set and the signed reports it was derived from. */
export function readyBody(round: VerifiedRound, set: ContributionSet, reports: readonly Signed[]): VoteBody {
  return {
    v: 1,
    kind: 'ready',
    fleet: round.config.fleet,
    cluster: round.config.cluster,
    round: round.config.round,
    epoch_hash: round.config.epoch_hash,
    config_hash: round.configHash,
    groups: set.groups.map(({ group, members }) => ({ group, set_root: headersRoot(members), size: members.length })),
    reports_hash: reportsHash(reports),
  };
}

export const reportsHash = (reports: readonly Signed[]): Bytes =>
  domainHash('reports', ...reports.flatMap((report) => [report.body, report.signature]));
