/** An epoch certificate, checked: who the committee is and which keys it has (PROTOCOL section 2). */
import { domainHash, pieces, quorum, sealingSuite, usableThreshold, verifyMessage } from '@secagg/crypto';
import { type Bytes, type Epoch, type EpochCertificate, epochMessage, SecaggError, type SubsetMask } from '@secagg/schema';
import { hex } from '../documents';
import { certificateOf, type FleetView } from '../fleet/fleet-view';

export interface VerifiedEpoch {
  readonly epoch: Epoch;
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
 * Largest step of round and epoch numbers that is followed: gaps are allowed, but nobody can exhaust the numbers and so keep
 * a party from every later round.
 */
const MAX_NUMBER_GAP = 2 ** 20;
/** A party that has seen none yet joins anywhere up to here: one number a second for 136 years. */
const MAX_FIRST_NUMBER = 2 ** 32;

/** Whether a round or epoch number may follow the highest one known (0: none). */
export const isWithinReach = (number: number, highest: number): boolean => number <= (highest === 0 ? MAX_FIRST_NUMBER : highest + MAX_NUMBER_GAP);

export const epochHash = (body: Bytes): Bytes => domainHash('epoch', body);

/** Checks an epoch body against the policy, as a member does before it signs. Throws `policy` or `wrong_role` and the like. */
export function checkEpochTerms(view: FleetView, epoch: Epoch, atMs: number): void {
  const { committee, sealing_suites } = view.policy;
  const wrong = (what: string): never => {
    throw new SecaggError('policy', `epoch ${epoch.epoch}: ${what}`);
  };
  if (epoch.fleet !== view.fleet) wrong('made for another fleet');
  if (epoch.members.length !== committee.size || epoch.threshold !== committee.threshold) wrong('committee size or threshold is not the policy\'s');
  if (!sealing_suites.includes(epoch.sealing_suite)) wrong('the sealing suite is not allowed');
  if (epoch.not_after_ms > atMs + committee.max_epoch_ms + view.policy.clock_tolerance_ms) wrong('lasts longer than the policy allows');
  const distinct = (keys: Bytes[]) => new Set(keys.map(hex)).size === keys.length;
  // A member that copies another's key could pass off the other's boxes or votes as its own.
  if (!distinct(epoch.members.map((member) => member.kem_key)) || !distinct(epoch.members.map((member) => member.vote_key))) wrong('two members have the same key');
  const suite = sealingSuite(epoch.sealing_suite);
  for (const member of epoch.members) {
    // Refuses a key nobody could seal to, which would stop every router of the epoch.
    suite.recipient(member.kem_key);
    if (!committee.candidates.includes(member.id)) wrong(`${member.id} is not a committee candidate`);
    certificateOf(view, member.id, 'committee', atMs);
  }
}

/**
 * Verifies that all m members signed the identical body and that the policy allows it.
 * @param atMs time to judge certificates at: the round time of the announcement that names the epoch
 */
export function verifyEpoch(view: FleetView, certificate: EpochCertificate, atMs: number): VerifiedEpoch {
  const epoch = epochMessage.decode(certificate.body);
  checkEpochTerms(view, epoch, atMs);
  if (atMs > epoch.not_after_ms) throw new SecaggError('wrong_epoch', `epoch ${epoch.epoch} has ended`);
  if (certificate.signatures.length !== epoch.members.length) {
    throw new SecaggError('bad_signature', `epoch ${epoch.epoch}: needs the signatures of all ${epoch.members.length} members`);
  }
  checkSignatures(view, certificate, epoch);
  return deriveEpoch(certificate);
}

/**
 * Certificates whose signatures hold, by hash and signatures. The keys to check with are the view's, so this never depends on time; an epoch
 * lasts for many rounds, and its m signatures would cost more than the rest of a router's round.
 */
const verified = new WeakMap<FleetView, Set<string>>();

function checkSignatures(view: FleetView, { body, signatures }: EpochCertificate, epoch: Epoch): void {
  const name = [epochHash(body), ...signatures].map(hex).join();
  const known = verified.get(view) ?? new Set<string>();
  if (known.has(name)) return;
  epoch.members.forEach((member, index) => {
    const key = view.certificates.get(member.id)?.public_key;
    if (!key || !verifyMessage(key, { type: epochMessage.type, fleet: view.fleet }, signatures[index], body)) {
      throw new SecaggError('bad_signature', `epoch ${epoch.epoch} is not signed by ${member.id}`, { party: member.id });
    }
  });
  verified.set(view, known.add(name));
}

/** Everything that follows from an epoch certificate, without checking it: for one that was checked before. */
export function deriveEpoch(certificate: EpochCertificate): VerifiedEpoch {
  const epoch = epochMessage.decode(certificate.body);
  const size = epoch.members.length;
  return {
    epoch,
    hash: epochHash(certificate.body),
    certificate,
    size,
    threshold: epoch.threshold,
    quorum: quorum(size, epoch.threshold),
    usableThreshold: usableThreshold(size, epoch.threshold),
    pieces: pieces(size, epoch.threshold),
  };
}
