/**
 * The list of contributions of a round that was decided `ready`, and the set in it, as Merkle trees: each proof of a
 * contribution's place is then a look-up (docs/protocol.md, "Publishing and auditing").
 */
import { type MerkleTree, merkleTree } from '@secagg/crypto';
import {
  type Bytes,
  type Decision,
  type HeaderLeaf,
  headerMessage,
  type InclusionProof,
  type PartyId,
  reportMessage,
  roundConfigMessage,
  SecaggError,
  type Signed,
  type Standing,
  type Transcript,
  voteBodyMessage,
} from '@secagg/schema';
import { deriveEpoch } from '../epoch/verified-epoch';
import { type CheckedHeader, type ContributionSet, deriveSet, headerHash } from '../round/contribution-set';

export interface DecidedList {
  readonly cluster: InclusionProof['cluster'];
  readonly round: InclusionProof['round'];
  readonly decision: Decision;
  readonly reports: readonly Signed[];
  /** Of all contributions, in increasing order of router id. */
  readonly all: HeaderTree;
  /** Group of each of them. */
  readonly groupOf: readonly number[];
  /** Of the decided groups. */
  readonly groups: ReadonlyMap<number, HeaderTree>;
}

interface HeaderTree {
  /** In increasing order. */
  readonly routers: readonly PartyId[];
  /** Header bodies in that order. */
  readonly bodies: readonly Bytes[];
  readonly tree: MerkleTree;
}

export interface DecidedParts {
  /** All of the round in increasing order of router id. */
  readonly headers: readonly CheckedHeader[];
  /** The set that follows from headers and reports. */
  readonly set: ContributionSet;
  /** The reports that the decision went by. */
  readonly reports: readonly Signed[];
  readonly decision: Decision;
}

/** Throws `no_decision` for a round that was not decided `ready`. */
export function decidedList({ headers, set, reports, decision }: DecidedParts): DecidedList {
  const body = voteBodyMessage.decode(decision.body);
  if (body.kind !== 'ready')
    throw new SecaggError('no_decision', 'the round was aborted: nothing of it was opened', { round: body.round });
  return {
    cluster: body.cluster,
    round: body.round,
    decision,
    reports,
    all: headerTree(headers),
    groupOf: headers.map(({ header }) => header.group),
    groups: new Map(set.groups.map(({ group, members }) => [group, headerTree(members)])),
  };
}

/** The list of a published transcript that is one's own or was audited: nothing is checked here. */
export function listOfTranscript({
  contributions,
  epoch_certificate,
  announcement,
  reports,
  decision,
}: Omit<Transcript, 'v'>): DecidedList {
  const headers = contributions.map(({ header }) => ({
    signed: header,
    header: headerMessage.decode(header.body),
    hash: headerHash(header),
  }));
  const rules = { config: roundConfigMessage.decode(announcement.body), epoch: deriveEpoch(epoch_certificate) };
  return decidedList({
    headers,
    set: deriveSet(
      rules,
      headers,
      reports.map((signed) => reportMessage.decode(signed.body)),
    ),
    reports,
    decision,
  });
}

const headerTree = (headers: readonly CheckedHeader[]): HeaderTree => ({
  routers: headers.map(({ header }) => header.router),
  bodies: headers.map(({ signed }) => signed.body),
  tree: merkleTree(headers.map(({ hash }) => hash)),
});

/** Where a router stands, with what shows it. */
export function inclusionProof(list: DecidedList, router: PartyId): InclusionProof {
  return {
    v: 1,
    cluster: list.cluster,
    round: list.round,
    router,
    decision: list.decision,
    standing: standingOf(list, router),
  };
}

function standingOf({ all, groupOf, groups, reports }: DecidedList, router: PartyId): Standing {
  const place = placeOf(all, router);
  const shown = [...reports];
  if (all.routers[place] !== router) {
    const [before, after] = [place - 1, place].map((index) =>
      index >= 0 && index < all.routers.length ? leafOf(all, index) : undefined,
    );
    return { kind: 'absent', ...(before ? { before } : {}), ...(after ? { after } : {}), reports: shown };
  }
  const set = groups.get(groupOf[place]);
  const index = set ? placeOf(set, router) : 0;
  if (set && set.routers[index] === router) return { kind: 'included', ...leafOf(set, index) };
  return { kind: 'left-out', ...leafOf(all, place), reports: shown };
}

const leafOf = ({ bodies, tree }: HeaderTree, index: number): HeaderLeaf => ({
  header: bodies[index],
  index,
  path: tree.proof(index),
});

/** Index of the first router that is not below this one; the number of routers when there is none. */
function placeOf({ routers }: HeaderTree, router: PartyId): number {
  let [low, high] = [0, routers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (routers[middle] < router) low = middle + 1;
    else high = middle;
  }
  return low;
}
