/**
 * An announcement, checked against fleet and epoch: everything derived from it that the roles share (docs/protocol.md,
 * "Announcement").
 */
import { domainHash, type RouterPad, suiteHasRoom, type VectorCipher, vectorCipher } from '@secagg/crypto';
import {
  type Bytes,
  type ClusterHash,
  type ClusterPolicy,
  type PartyId,
  type RoundConfig,
  roundConfigMessage,
  type Signed,
  wordBitsFor,
} from '@secagg/schema';
import { type CheckName } from '../checks/names';
import { ensure, under } from '../checks/check';
import { openUnder } from '../checks/open-under';
import { sameBytes } from '../wire/bytes';
import { type VerifiedEpoch } from '../epoch/verified-epoch';
import { leastColluders } from '../fleet/assumed-colluders';
import { allowsVersion, certificateOf, checkFleetCurrent, clusterPolicy, type FleetView } from '../fleet/fleet-view';
import { namedView, viewOfRound } from '../fleet/update-fleet';
import { padOf } from '../wire/bound-to-round';
import { checkClipNorm, noiseStdDevUnits, withNoise, worstCaseRho } from './privacy';

/** What follows from an announcement and its epoch alone. */
export interface AnnouncedRound {
  readonly announcement: Signed;
  readonly config: RoundConfig;
  readonly configHash: Bytes;
  readonly epoch: VerifiedEpoch;
  /** Number of words of a vector: keys times fields. */
  readonly dimension: number;
  /**
   * How the round's suite encrypts and adds up vectors. Throws `unsupported_suite` where it has no room for them, which
   * no valid announcement does.
   */
  readonly cipher: () => VectorCipher;
  /** Key derivation of a router's pads. */
  readonly pad: (router: PartyId) => RouterPad;
}

export interface VerifiedRound extends AnnouncedRound {
  /** Policy and roster it was announced under. */
  readonly view: FleetView;
  readonly policy: ClusterPolicy;
}

/** Of two groups nobody can tell which one lies. */
export const MIN_ROBUST_GROUPS = 3;

export const configHash = (body: Bytes): Bytes => domainHash('round-config', body);

/**
 * Verifies an announcement: the coordinator's signature, that it names this epoch, and that it stays within the fleet
 * policy. Validity is judged at the announced round time; checking that time against a clock is the caller's part
 * ({@link checkRoundTime}). Throws `policy`, `wrong_epoch`, `bad_signature` and what they build on.
 */
export function verifyAnnouncement(known: FleetView, epoch: VerifiedEpoch, announcement: Signed): VerifiedRound {
  const view = viewOfRound(known, roundConfigMessage.decode(announcement.body));
  const config = openAnnouncement(view, announcement);
  const at = config.round_time_ms;
  checkFleetCurrent(view, at);
  const names = sameBytes(config.epoch_hash, epoch.hash) && config.epoch === epoch.body.epoch;
  ensure('round.epoch', names, 'wrong_epoch', 'the announcement names another epoch', { round: config.round });
  ensure('epoch.lifetime', at <= epoch.body.not_after_ms, 'wrong_epoch', 'the epoch has ended', {
    round: config.round,
  });
  const policy = clusterPolicy(view, config.cluster);
  checkPolicy(view, policy, config, epoch.body.not_after_ms);
  return deriveRound(view, epoch, announcement);
}

/**
 * A round as far as an abort needs it: announced by the coordinator, in this epoch, not in the future. An abort opens
 * nothing, so policy does not matter; and a round that policy forbids must be abortable, or its data would stay taken.
 * Throws `bad_signature`, `wrong_epoch`, `policy`.
 */
export function roundToAbort(
  known: FleetView,
  epoch: VerifiedEpoch,
  announcement: Signed,
  nowMs: number,
): VerifiedRound {
  const claimed = roundConfigMessage.decode(announcement.body);
  const config = openAnnouncement(namedView(known, claimed) ?? known, announcement);
  ensure(
    'round.epoch',
    sameBytes(config.epoch_hash, epoch.hash),
    'wrong_epoch',
    'the announcement names another epoch',
    { round: config.round },
  );
  ensure(
    'round.times',
    config.round_time_ms <= nowMs + known.policy.clock_tolerance_ms,
    'policy',
    'the round lies in the future',
    { round: config.round },
  );
  return deriveRound(known, epoch, announcement);
}

/**
 * The configuration, when the coordinator it names has signed it. Throws `bad_signature`, or what a missing certificate
 * throws.
 */
export function openAnnouncement(view: FleetView, announcement: Signed): RoundConfig {
  const { coordinator, round_time_ms } = roundConfigMessage.decode(announcement.body);
  const { public_key } = certificateOf(view, coordinator, 'coordinator', round_time_ms);
  return openUnder('round.signed', roundConfigMessage, view.fleet, announcement, { key: public_key, id: coordinator });
}

/**
 * Everything that follows from an announcement, without checking it: for one that was checked before, or is one's own.
 */
export function deriveRound(known: FleetView, epoch: VerifiedEpoch, announcement: Signed): VerifiedRound {
  const round = readAnnouncement(epoch, announcement);
  const view = namedView(known, round.config) ?? known;
  return { ...round, view, policy: clusterPolicy(view, round.config.cluster) };
}

/**
 * The same where no fleet documents are at hand: enough to build a contribution to a round that was checked elsewhere.
 */
export function readAnnouncement(epoch: VerifiedEpoch, announcement: Signed): AnnouncedRound {
  const config = roundConfigMessage.decode(announcement.body);
  const hash = configHash(announcement.body);
  const dimension = config.layout.keys.length * config.layout.fields.length;
  let cipher: VectorCipher | undefined;
  return {
    announcement,
    config,
    configHash: hash,
    epoch,
    dimension,
    cipher: () => (cipher ??= cipherOf(config, hash, dimension)),
    pad: padOf(config, hash),
  };
}

const cipherOf = (config: RoundConfig, hash: Bytes, dimension: number): VectorCipher =>
  vectorCipher({
    suite: config.suite,
    dimension,
    bits: config.layout.word_bits,
    maxContributions: config.max_participants,
    epochHash: config.epoch_hash,
    configHash: hash,
  });

/** Throws `policy`, with the name of the check, for a round below the fleet's policy. */
function checkPolicy(view: FleetView, policy: ClusterPolicy, config: RoundConfig, epochEndMs: number): void {
  const allow = (check: CheckName, allowed: boolean, what: string): void =>
    ensure(check, allowed, 'policy', `round ${config.round}: ${what}`, { round: config.round });
  const { privacy } = config;
  allow('policy.protocol', allowsVersion(view, config.v), `protocol version ${config.v} is not allowed`);
  allow('policy.protocol', config.fleet === view.fleet, 'made for another fleet');
  allow('policy.protocol', view.policy.suites.includes(config.suite), `suite ${config.suite} is not allowed`);
  const inOrder =
    config.round_time_ms <= config.send_from_ms &&
    config.round_time_ms < config.deadline_ms &&
    config.send_from_ms < config.deadline_ms;
  allow('round.times', inOrder, 'its times are not in order');
  allow('round.times', config.deadline_ms <= epochEndMs, 'its deadline is past the end of its epoch');
  allow(
    'policy.delta',
    privacy.delta_inverse >= policy.min_delta_inverse,
    'its delta is larger than the policy allows',
  );
  allow(
    'policy.privacy_unit',
    policy.privacy_units.includes(privacy.unit),
    `privacy unit ${privacy.unit} is not allowed`,
  );
  allow(
    'policy.min_participants',
    config.min_participants_per_group >= policy.min_participants_per_group,
    'fewer participants per group than the policy asks for',
  );
  allow('policy.groups', config.groups <= policy.max_groups, 'more groups than the policy allows');
  allow(
    'policy.groups',
    config.combination === 'sum' || config.groups >= MIN_ROBUST_GROUPS,
    `a ${config.combination} of fewer than ${MIN_ROBUST_GROUPS} groups withstands no liar`,
  );
  allow(
    'policy.colluders',
    privacy.assumed_colluders >= policy.min_assumed_colluders,
    `${privacy.assumed_colluders} assumed colluders in a group, fewer than the ${policy.min_assumed_colluders} that the policy asks for`,
  );
  allow(
    'policy.colluders',
    privacy.assumed_colluders < config.min_participants_per_group,
    'no honest router would be left in a group',
  );
  allow(
    'policy.capacity',
    config.max_participants === config.layout.max_participants,
    'layout and round differ in the number of participants',
  );
  allow(
    'policy.capacity',
    config.max_participants >= config.groups * config.min_participants_per_group,
    'its groups cannot all reach their minimum',
  );
  const noise = noiseStdDevUnits(config.max_participants, {
    numerator: privacy.noise_variance_numerator,
    denominator: privacy.noise_variance_denominator,
  });
  const wide = config.layout.word_bits >= wordBitsFor({ ...config.layout, noiseStdDevUnits: noise });
  allow('policy.word_width', wide, 'its words are too short for its noise: sums would wrap around');
  const dimension = config.layout.keys.length * config.layout.fields.length;
  const hasRoom = suiteHasRoom(config.suite, dimension, config.layout.word_bits, config.max_participants);
  allow('policy.word_width', hasRoom, `suite ${config.suite} has no room for its words or contributions`);
  checkClipNorm(config);
  if (!withNoise(config)) {
    allow('policy.noise', policy.unsafe_no_noise, 'it has no noise');
    return;
  }
  const colluders = leastColluders(view.policy.committee, policy);
  allow(
    'policy.colluders',
    privacy.assumed_colluders >= colluders,
    `${privacy.assumed_colluders} assumed colluders in a group, but ${colluders} corrupt committee members may be among its routers`,
  );
  allow(
    'policy.noise_floor',
    under('policy.noise_floor', () => worstCaseRho(config)) <= policy.max_round_rho_units / 2 ** 40,
    'its noise is below the floor of the policy',
  );
}

/** Throws `policy` when the announced round time is further from this party's clock than the policy tolerates. */
export function checkRoundTime(view: FleetView, round: VerifiedRound, nowMs: number): void {
  const near = Math.abs(round.config.round_time_ms - nowMs) <= view.policy.clock_tolerance_ms;
  ensure('round.times', near, 'policy', 'the announced round time is too far from this clock', {
    round: round.config.round,
  });
}

/** The group of a router: nobody chooses it (docs/protocol.md, "Collecting"). Integer in [0, groups). */
export function groupOf(
  config: Pick<RoundConfig, 'cluster' | 'round' | 'groups' | 'epoch_hash'>,
  router: PartyId,
): number {
  const digest = domainHash('group', config.epoch_hash, config.cluster, config.round, router);
  // 48 bits against at most 1024 groups: the bias is below 2^-38.
  return Buffer.from(digest).readUIntBE(0, 6) % config.groups;
}

/** Takes a {@link roundKey} apart; cluster hashes have no slash. */
export function ofRoundKey(key: string): { cluster: string; round: number } {
  const slash = key.lastIndexOf('/');
  return { cluster: key.slice(0, slash), round: Number(key.slice(slash + 1)) };
}

export const roundKey = (cluster: ClusterHash | string, round: number): string => `${cluster}/${round}`;

/** What every statement about a round begins with. */
export const inRound = ({ config, configHash }: VerifiedRound) => ({
  v: 1 as const,
  fleet: config.fleet,
  cluster: config.cluster,
  round: config.round,
  epoch_hash: config.epoch_hash,
  config_hash: configHash,
});
