/** An epoch certificate, checked: who the committee is and which keys it has (docs/protocol.md, "Epochs"). */
import { domainHash, pieces, quorum, sealingSuite, usableThreshold, verifyMessage } from '@secagg/crypto';
import { type Bytes, type Epoch, type EpochCertificate, epochMessage, type SubsetMask } from '@secagg/schema';
import { type CheckName } from '../checks/names';
import { ensure, under } from '../checks/check';
import { hex } from '../wire/bytes';
import { allowsVersion, certificateOf, type FleetView } from '../fleet/fleet-view';

export interface VerifiedEpoch {
  readonly body: Epoch;
  readonly hash: Bytes;
  readonly certificate: EpochCertificate;
  readonly size: number;
  readonly threshold: number;
  /** Votes that make a decision. */
  readonly quorum: number;
  /** Members that must be able to use a contribution for it to stay in. */
  readonly usableThreshold: number;
  /** All subsets S of t-1 members, in increasing order. */
  readonly pieces: readonly SubsetMask[];
}

/**
 * Largest step of round and epoch numbers that is followed: gaps are allowed, but nobody can exhaust the numbers and so
 * keep a party from every later round.
 */
export const MAX_NUMBER_GAP = 2 ** 20;
/** A party that has seen none yet joins anywhere up to here: one number a second for 136 years. */
const MAX_FIRST_NUMBER = 2 ** 32;

/** Whether a round or epoch number may follow the highest one known (0: none). */
export const isWithinReach = (number: number, highest: number): boolean =>
  number <= (highest === 0 ? MAX_FIRST_NUMBER : highest + MAX_NUMBER_GAP);

export const epochHash = (body: Bytes): Bytes => domainHash('epoch', body);

/**
 * Whether an epoch that ends then can be one of now: one that has ended is none, and so is one made while clocks were
 * ahead.
 */
export const isOfNow = ({ policy }: FleetView, { not_after_ms }: Pick<Epoch, 'not_after_ms'>, nowMs: number): boolean =>
  nowMs <= not_after_ms && not_after_ms <= nowMs + policy.committee.max_epoch_ms + policy.clock_tolerance_ms;

/**
 * The first suite of a policy binds the epochs that are made under it: who asks for them does not choose. The others
 * are for epochs of an older policy, which may last on where this one still lists their suite.
 */
const isSuiteOf = ({ policy }: FleetView, { policy_version, sealing_suite }: Epoch): boolean =>
  policy_version === policy.version
    ? sealing_suite === policy.sealing_suites[0]
    : policy.sealing_suites.includes(sealing_suite);

/**
 * Checks an epoch body against the policy, as a member does before it signs. Throws `policy` or `wrong_role` and the
 * like.
 */
export function checkEpochTerms(view: FleetView, epoch: Epoch, atMs: number): void {
  const { committee } = view.policy;
  const allow = (check: CheckName, allowed: boolean, what: string): void =>
    ensure(check, allowed, 'policy', `epoch ${epoch.epoch}: ${what}`, { epoch: epoch.epoch });
  allow('epoch.committee', epoch.fleet === view.fleet, 'made for another fleet');
  allow('epoch.committee', allowsVersion(view, epoch.v), `protocol version ${epoch.v} is not allowed`);
  allow(
    'epoch.committee',
    epoch.members.length === committee.size && epoch.threshold === committee.threshold,
    "committee size or threshold is not the policy's",
  );
  allow('epoch.committee', isSuiteOf(view, epoch), "the sealing suite is not the policy's");
  allow(
    'epoch.lifetime',
    epoch.not_after_ms <= atMs + committee.max_epoch_ms + view.policy.clock_tolerance_ms,
    'lasts longer than the policy allows',
  );
  const distinct = (keys: Bytes[]) => new Set(keys.map(hex)).size === keys.length;
  // A member that copies another's key could pass off the other's boxes or votes as its own.
  const keysDiffer =
    distinct(epoch.members.map((member) => member.kem_key)) && distinct(epoch.members.map((member) => member.vote_key));
  allow('epoch.distinct_keys', keysDiffer, 'two members have the same key');
  const suite = sealingSuite(epoch.sealing_suite);
  for (const member of epoch.members) {
    // Refuses a key nobody could seal to, which would stop every router of the epoch.
    suite.recipient(member.kem_key);
    allow('epoch.committee', committee.candidates.includes(member.id), `${member.id} is not a committee candidate`);
    under('epoch.committee', () => certificateOf(view, member.id, 'committee', atMs));
  }
}

/**
 * Verifies that all m members signed the identical body and that the policy allows it.
 * @param atMs time to judge certificates at: the round time of the announcement that names the epoch
 */
export function verifyEpoch(view: FleetView, certificate: EpochCertificate, atMs: number): VerifiedEpoch {
  const epoch = epochMessage.decode(certificate.body);
  checkEpochTerms(view, epoch, atMs);
  ensure('epoch.lifetime', atMs <= epoch.not_after_ms, 'wrong_epoch', `epoch ${epoch.epoch} has ended`, {
    epoch: epoch.epoch,
  });
  const { length } = epoch.members;
  ensure(
    'epoch.signed_by_all',
    certificate.signatures.length === length,
    'bad_signature',
    `epoch ${epoch.epoch}: needs the signatures of all ${length} members`,
    { epoch: epoch.epoch },
  );
  checkSignatures(view, certificate, epoch);
  return deriveEpoch(certificate);
}

/**
 * Certificates whose signatures hold, by hash and signatures. The keys to check with are the view's, so this never
 * depends on time; an epoch lasts for many rounds, and its m signatures would cost more than the rest of a router's
 * round.
 */
const verified = new WeakMap<FleetView, Set<string>>();

function checkSignatures(view: FleetView, { body, signatures }: EpochCertificate, epoch: Epoch): void {
  const name = [epochHash(body), ...signatures].map(hex).join();
  const known = verified.get(view) ?? new Set<string>();
  if (known.has(name)) return;
  epoch.members.forEach((member, index) => {
    const key = view.certificates.get(member.id)?.public_key;
    const isSigned =
      key !== undefined &&
      index < signatures.length &&
      verifyMessage(key, { type: epochMessage.type, fleet: view.fleet }, signatures[index], body);
    ensure('epoch.signed_by_all', isSigned, 'bad_signature', `epoch ${epoch.epoch} is not signed by ${member.id}`, {
      party: member.id,
      epoch: epoch.epoch,
    });
  });
  verified.set(view, known.add(name));
}

/** Everything that follows from an epoch certificate, without checking it: for one that was checked before. */
export function deriveEpoch(certificate: EpochCertificate): VerifiedEpoch {
  const epoch = epochMessage.decode(certificate.body);
  const size = epoch.members.length;
  return {
    body: epoch,
    hash: epochHash(certificate.body),
    certificate,
    size,
    threshold: epoch.threshold,
    quorum: quorum(size, epoch.threshold),
    usableThreshold: usableThreshold(size, epoch.threshold),
    pieces: pieces(size, epoch.threshold),
  };
}
