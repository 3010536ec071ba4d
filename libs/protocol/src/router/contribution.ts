/** Building a contribution: noise, encryption, sealing, signature (docs/protocol.md, "Contribution"). */
import { boxPlaintext, commitmentOf, drawSeeds, sealingSuite, type Seeds, wipe } from '@secagg/crypto';
import { addNoise, clipToL2Ball } from '@secagg/dp-noise';
import {
  type Bytes,
  type Contribution,
  contributionMessage,
  headerMessage,
  type MemberIndex,
  type RandomBytes,
  type RoundConfig,
  type SealedBox,
} from '@secagg/schema';
import { signDocument } from '../wire/documents';
import { headerHash } from '../round/contribution-set';
import { withNoise, withPrivacyErrors } from '../round/privacy';
import { type AnnouncedRound, groupOf } from '../round/verified-round';
import { type Identity } from '../wire/identity';
import { sealingInfo } from '../wire/bindings';
import { boxAad } from '../wire/bound-to-round';
import { boxDigest, ciphertextDigest, commitmentsDigest } from '../wire/digests';

export interface BuiltContribution {
  /** The encoded body: durable before it is sent, kept until the receipt. */
  readonly bytes: Bytes;
  readonly headerHash: Bytes;
}

/**
 * A router's contribution to one round, from its own data. It needs neither the router's state nor its ledger, so it
 * can be built away from them; `recordContribution` charges for it.
 * @param vector d integers, wiped: with unit `request` sums of requests within the layout's bounds, with unit `router`
 * anything, clipped here
 * @param nowMs of its header: a time that does not tell how long the data took to prepare
 */
export function prepareContribution(
  round: AnnouncedRound,
  identity: Identity,
  vector: Float64Array,
  random: RandomBytes,
  nowMs: number,
): BuiltContribution {
  const { unit, clip_norm } = round.config.privacy;
  if (unit === 'router') withPrivacyErrors(() => clipToL2Ball(vector, clip_norm));
  return buildContribution(round, identity, vector, random, nowMs);
}

/**
 * Encrypts one vector for one round.
 * @param vector d clipped integers in layout units; overwritten with noise and wiped
 */
export function buildContribution(
  round: AnnouncedRound,
  identity: Identity,
  vector: Float64Array,
  random: RandomBytes,
  nowMs: number,
): BuiltContribution {
  const { config, epoch } = round;
  const commitments = new Uint8Array(32 * epoch.pieces.length);
  let seeds: Seeds | undefined;
  let ciphertext: Bytes;
  let boxes: SealedBox[];
  try {
    addShareOfNoise(config, vector, random);
    seeds = drawSeeds(epoch.pieces, random);
    ciphertext = round.cipher().encrypt(round.pad(identity.id), vector, seeds, random);
    for (const [i, piece] of epoch.pieces.entries())
      commitments.set(commitmentOf(round.configHash, identity.id, piece, seeds.get(piece) as Bytes), 32 * i);
    boxes = sealSeeds(round, identity, seeds, random);
  } finally {
    vector.fill(0);
    wipe(...(seeds?.values() ?? []));
  }

  const header = signDocument(
    headerMessage,
    config.fleet,
    {
      v: 1,
      fleet: config.fleet,
      cluster: config.cluster,
      round: config.round,
      group: groupOf(config, identity.id),
      config_hash: round.configHash,
      epoch_hash: epoch.hash,
      router: identity.id,
      timestamp_ms: nowMs,
      ciphertext_digest: ciphertextDigest(ciphertext),
      commitments_digest: commitmentsDigest(commitments),
      box_digests: boxes.map(boxDigest),
    },
    identity.secretKey,
  );
  const contribution: Contribution = { header, commitments, boxes, ciphertext };
  return { bytes: contributionMessage.encode(contribution), headerHash: headerHash(header) };
}

function addShareOfNoise(config: RoundConfig, vector: Float64Array, random: RandomBytes): void {
  const { noise_variance_numerator: numerator, noise_variance_denominator: denominator } = config.privacy;
  if (withNoise(config)) addNoise(vector, { numerator, denominator }, random);
}

/** One box for each member, with the seeds that it holds. */
function sealSeeds(round: AnnouncedRound, identity: Identity, seeds: Seeds, random: RandomBytes): SealedBox[] {
  const { config, epoch } = round;
  const suite = sealingSuite(epoch.body.sealing_suite);
  const info = sealingInfo(config.fleet);
  return epoch.body.members.map((member, index): SealedBox => {
    const plaintext = boxPlaintext(epoch.pieces, index as MemberIndex, seeds);
    try {
      const aad = boxAad(round, identity.id, index);
      return suite.seal(suite.recipient(member.kem_key), info, aad, plaintext, random);
    } finally {
      wipe(plaintext);
    }
  });
}
