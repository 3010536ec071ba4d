/**
 * Rounds of whole fleets in this process, as the files they publish. The first implementation makes them; nothing here
 * audits.
 */
import { createHash, createPrivateKey, sign } from 'node:crypto';
import {
  auditTranscript,
  buildContribution,
  LocalFleet,
  type LocalRouter,
  publishedResult,
  roundOf,
  type RoundState,
  runCommittee,
  splitTranscript,
} from '@secagg/protocol';
import { defaultFields, contributionMessage, headerMessage, type PartyId } from '@secagg/schema';
import { decodeCbor } from '../cbor.mjs';
import { domainHash, domainMessage } from '../crypto.mjs';

export interface Scenario {
  readonly name: string;
  readonly routers: number;
  readonly committee: { readonly size: number; readonly threshold: number };
  readonly rho: number | 'unsafe-none';
  readonly unit?: 'request' | 'router';
  readonly groups?: number;
  readonly least?: number;
  readonly colluders?: number;
  readonly keys?: number;
  /** Routers that send nothing, the last ones. */
  readonly dropped?: number;
  /** Members that never answer, the last ones. */
  readonly absent?: number;
  /** The first router spoils this many of its boxes. */
  readonly spoiled?: number;
  readonly quality?: boolean;
  readonly hybrid?: boolean;
  /** The first router sends what no honest one can. */
  readonly lies?: boolean;
  /** `pad` without. */
  readonly suite?: 'rlwe-2048' | 'rlwe-4096';
  /** The first router sends a ciphertext that its key does not open. */
  readonly undecodable?: boolean;
  /** The coordinator comes back from a backup when one member has voted for the abort. */
  readonly restored?: boolean;
  /** Of the policy; no quarantine without. */
  readonly quarantine?: number;
  /** What the policy's budget is held to; not said without. */
  readonly protects?: 'window' | 'event';
}

export const scenarios: readonly Scenario[] = [
  { name: 'plain', routers: 5, committee: { size: 4, threshold: 2 }, rho: 'unsafe-none' },
  { name: 'one member', routers: 3, committee: { size: 1, threshold: 1 }, rho: 'unsafe-none', quality: true },
  { name: 'noise', routers: 6, committee: { size: 3, threshold: 1 }, rho: 0.5, keys: 9 },
  {
    name: 'so much noise that keys are withheld',
    routers: 5,
    committee: { size: 3, threshold: 2 },
    rho: 0.00002,
    keys: 9,
    quality: true,
  },
  {
    name: 'dropouts and a larger committee',
    routers: 7,
    committee: { size: 7, threshold: 3 },
    rho: 0.02,
    dropped: 2,
    keys: 3,
  },
  {
    name: 'absent members',
    routers: 7,
    committee: { size: 5, threshold: 2 },
    rho: 0.1,
    absent: 1,
    keys: 5,
    protects: 'event',
  },
  {
    name: 'groups, some too small',
    routers: 14,
    committee: { size: 4, threshold: 2 },
    rho: 0.05,
    groups: 4,
    least: 3,
    colluders: 1,
    quarantine: 20,
  },
  { name: 'boxes that do not open', routers: 7, committee: { size: 4, threshold: 2 }, rho: 'unsafe-none', spoiled: 2 },
  {
    name: 'whole routers protected, hybrid boxes',
    routers: 8,
    committee: { size: 3, threshold: 2 },
    rho: 200,
    unit: 'router',
    hybrid: true,
    colluders: 2,
    quality: true,
  },
  {
    name: 'a sum that no honest routers can have sent',
    routers: 12,
    committee: { size: 4, threshold: 2 },
    rho: 0.05,
    groups: 2,
    lies: true,
  },
  {
    name: 'impossible without noise',
    routers: 5,
    committee: { size: 4, threshold: 2 },
    rho: 'unsafe-none',
    unit: 'router',
    quality: true,
    lies: true,
  },
  {
    name: 'a lattice key and noise',
    routers: 6,
    committee: { size: 4, threshold: 2 },
    rho: 0.5,
    suite: 'rlwe-4096',
    keys: 9,
    dropped: 1,
  },
  {
    name: 'a shorter lattice key for several elements; most keys are empty and withheld',
    routers: 5,
    committee: { size: 3, threshold: 2 },
    rho: 'unsafe-none',
    suite: 'rlwe-2048',
    keys: 420,
  },
  {
    name: 'a ciphertext that does not decode',
    routers: 4,
    committee: { size: 3, threshold: 2 },
    rho: 'unsafe-none',
    suite: 'rlwe-4096',
    undecodable: true,
  },
  { name: 'aborted', routers: 6, committee: { size: 4, threshold: 2 }, rho: 0.1, dropped: 4, least: 3 },
  {
    name: 'aborted for different reasons',
    routers: 6,
    committee: { size: 4, threshold: 2 },
    rho: 0.1,
    dropped: 4,
    least: 3,
    restored: true,
  },
];

const now = Date.UTC(2026, 0, 1);

/** Bytes that depend on the name only, so that a round is the same in every run. */
function seeded(name: string): (length: number) => Uint8Array {
  let counter = 0;
  return (length) =>
    new Uint8Array(
      createHash('shake256', { outputLength: Math.max(1, length) })
        .update(`${name}/${counter++}`)
        .digest()
        .subarray(0, length),
    );
}

/** @param asBefore as earlier releases published it: with the ciphertexts of contributions that were left out */
export function transcriptOf(scenario: Scenario, asBefore = false): Map<string, Uint8Array> {
  const { size, threshold } = scenario.committee;
  const withoutNoise = scenario.rho === 'unsafe-none';
  const unit = scenario.unit ?? 'request';
  const fleet = new LocalFleet({
    routers: scenario.routers,
    committee: { size, threshold },
    random: seeded(scenario.name),
    nowMs: now,
    cluster: {
      unsafe_no_noise: withoutNoise,
      quarantine_rounds: scenario.quarantine,
      budget_protects: scenario.protects,
      ...(scenario.protects === 'event' && { privacy_units: ['request'] }),
    },
    limits: { unsafeNoNoise: withoutNoise, privacyUnit: unit },
    ...(scenario.suite && { policy: { suites: ['pad', scenario.suite] } }),
    ...(scenario.hybrid && {
      policy: {
        sealing_suites: ['hpke-xwing-sha256-aes256gcm'],
        freshness: { max_age_ms: 86_400_000, grace_ms: 3_600_000 },
      },
    }),
  });
  fleet.startEpoch(now);
  const keys = Array.from({ length: scenario.keys ?? 2 }, (_, k) =>
    k === 0 ? ':odd:name:chat' : `model-${k < 10 ? k : `x${1000 + k}`}:8b:chat`,
  );
  const fields = defaultFields({ cost: true, quality: scenario.quality ?? false });
  const { key, config } = fleet.announce(
    {
      keys,
      fields,
      maxRequestsPerRouter: 4000,
      minParticipantsPerGroup: scenario.least ?? 3,
      maxParticipants: 64,
      groups: scenario.groups ?? 1,
      suite: scenario.suite,
      privacy: {
        unit,
        rho: scenario.rho,
        ...(scenario.colluders === undefined ? {} : { assumedColluders: scenario.colluders }),
        deltaInverse: 1_000_000,
        ...(unit === 'router' && { routerClipNorm: 5_000_000 }),
      },
      sendDelayMs: 0,
      durationMs: 1000,
    },
    now,
  );
  const senders = fleet.routers.slice(0, scenario.routers - (scenario.dropped ?? 0));
  senders.forEach((router, r) => {
    const vector = vectorOf(config.layout, r);
    if (scenario.lies && r === 0) vector[1] = 2 * vector[0] + 100_000_000;
    if (scenario.undecodable && r === 0) {
      fleet.coordinator.contribute(key, undecodable(roundOf(fleet.coordinator.state, key).verified, router, vector));
      return;
    }
    const contribution = router.contribution(fleet.coordinator, key, vector, now);
    const { secretKey } = (router as unknown as { identity: { secretKey: Uint8Array } }).identity;
    if (r > 0 || scenario.spoiled === undefined) router.send(fleet.coordinator, key, contribution);
    // The coordinator takes it; the router then finds that the receipt is for a header it did not build.
    else
      expect(() =>
        router.send(fleet.coordinator, key, spoil(contribution, scenario.spoiled as number, secretKey)),
      ).toThrow('receipt');
  });
  const members = fleet.members.slice(0, size - (scenario.absent ?? 0));
  if (scenario.restored) {
    fleet.coordinator.tick(now + 1000);
    members[0].work(fleet.coordinator, now + 1000);
    fleet.coordinator.commit({
      events: [{ type: 'abort-proposed', key, reason: 'coordinator_restored' }],
      reply: undefined,
    });
  }
  for (const later of [1000, 3000, 6000]) runCommittee(fleet.coordinator, members, now + later);
  const published = fleet.coordinator.transcript(key);
  const ciphertextOf = (router: PartyId) =>
    contributionMessage.decode(fleet.coordinator.context.contribution(key, router)).ciphertext;
  const transcript = !asBefore
    ? published
    : {
        ...published,
        contributions: published.contributions.map(({ header }) => ({
          header,
          ciphertext: ciphertextOf(headerMessage.decode(header.body).router),
        })),
      };
  const audited = auditTranscript(fleet.authority.publicKey, transcript);
  return splitTranscript(
    fleet.authority.publicKey,
    transcript,
    audited.kind === 'opened' ? publishedResult(audited) : undefined,
  );
}

/** One bit of one residue is another: a number below the prime that no small noise explains. */
function undecodable(round: RoundState['verified'], router: LocalRouter, vector: Float64Array): Uint8Array {
  const cipher = round.cipher();
  const encrypt = (...args: Parameters<typeof cipher.encrypt>): Uint8Array => {
    const ciphertext = cipher.encrypt(...args);
    ciphertext[(cipher.keyDimension * cipher.keyBits) / 8] ^= 1;
    return ciphertext;
  };
  const changed = { ...round, cipher: () => ({ ...cipher, encrypt }) };
  return buildContribution(changed, router.identity, vector, seeded('undecodable'), now).bytes;
}

interface Layout {
  readonly keys: readonly string[];
  readonly fields: readonly { readonly name: string; readonly scale: number; readonly centre_units: number }[];
}

/**
 * Each of the first nine keys k has 20·(k + r + 1) requests, of which three in four succeed; every other one has a
 * quality.
 */
function vectorOf(layout: Layout, r: number): Float64Array {
  const natural: Record<string, number> = {
    samples: 1,
    successes: 0.75,
    latency: 1.25,
    quality: 0.5,
    quality_samples: 1,
    cost: 2e-6,
    cost_samples: 1,
  };
  const values = layout.keys.flatMap((_, k) => {
    const requests = k < 9 ? 20 * (k + r + 1) : 0;
    return layout.fields.map((field) => {
      const given = field.name.startsWith('quality') ? requests / 2 : requests;
      return given * (Math.round(natural[field.name] * field.scale) - field.centre_units);
    });
  });
  return new Float64Array(values);
}

/** Flips a bit in the first boxes and signs the header again: the digests are right, the boxes do not open. */
function spoil(contribution: Uint8Array, boxes: number, secretKey: Uint8Array): Uint8Array {
  const bytes = Buffer.from(contribution);
  const put = (before: Uint8Array, after: Uint8Array) => bytes.set(after, bytes.indexOf(before));
  for (let j = 0; j < boxes; j++) {
    const { encapsulation, ciphertext } = decodeCbor(bytes, 'contribution').boxes[j];
    const altered = Buffer.from(ciphertext);
    altered[0] ^= 1;
    put(ciphertext, altered);
    put(domainHash('box-digest', encapsulation, ciphertext), domainHash('box-digest', encapsulation, altered));
  }
  const { header } = decodeCbor(bytes, 'contribution');
  const { fleet } = decodeCbor(header.body, 'header');
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secretKey]),
    format: 'der',
    type: 'pkcs8',
  });
  put(header.signature, sign(null, Buffer.concat([domainMessage('contribution', fleet), header.body]), key));
  return bytes;
}
