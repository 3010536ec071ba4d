/**
 * Announcements, epochs and fleet documents of a coordinator that wants more from a router than policy, limits and
 * history allow: the real sidecar refuses each at a check of its own.
 */
import './support/without-checks';
import {
  domainMessage,
  generateIdentityKey,
  openBoxPlaintext,
  sealingSuite,
  signMessage,
  WordSum,
} from '@secagg/crypto';
import { epochHash, type VerifiedRound, verifyEvidence } from '@secagg/protocol';
import {
  type Bytes,
  type Contribution,
  type Epoch,
  type EpochCertificate,
  epochMessage,
  epochSignatureMessage,
  type MemberIndex,
  type RoundConfig,
  seatMessage,
  signedMessage,
} from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { eventually } from '@secagg/testbed/wait';
import { type Attack, expectLayers } from './support/attack';
import { ACCOMPLICE, HONEST, must, Siege, VICTIM } from './support/siege';

jest.setTimeout(180_000);

const FLOOR_RHO = 0.2;
const units = (rho: number) => Math.round(rho * 2 ** 40);

let siege: Siege;
/** A round that everybody would join, and the certificate of its epoch. */
let fair: { config: RoundConfig; epoch: EpochCertificate };

beforeAll(async () => {
  siege = await Siege.lay(
    {
      cluster: {
        max_groups: 8,
        unsafe_no_noise: false,
        max_round_rho_units: units(FLOOR_RHO),
        min_assumed_colluders: 1,
        privacy_units: ['request'],
      },
    },
    {
      SECAGG_UNSAFE_NO_NOISE: 'false',
      SECAGG_MAX_ROUND_RHO: '1',
      SECAGG_BUDGET_RHO: '1000',
      SECAGG_MIN_HONEST_PER_GROUP: '2',
    },
  );
  const round = await siege.openRound({
    privacy: { unit: 'request', rho: 0.01, assumedColluders: 1, deltaInverse: 1_000_000 },
  });
  fair = { config: round.config, epoch: round.epoch.certificate };
  siege.giveUpRounds();
});
afterAll(() => siege.lift());

let number = 100;
/** A configuration of a round that has not been yet. */
const next = (change: Partial<RoundConfig> = {}): RoundConfig => {
  const now = Date.now();
  const { policy, roster } = siege.fleet.view;
  return {
    ...fair.config,
    policy_version: policy.version,
    roster_version: roster.version,
    round: (number += 1) as RoundConfig['round'],
    round_time_ms: now,
    send_from_ms: now,
    deadline_ms: now + 60_000,
    ...change,
  };
};
const privacy = (change: Partial<RoundConfig['privacy']>): Partial<RoundConfig> => ({
  privacy: { ...fair.config.privacy, ...change },
});
/** What the coordinator is after here is a contribution under its terms. */
const lure =
  (terms: () => Partial<RoundConfig>): Attack['run'] =>
  async () => {
    await siege.offer(next(terms()), fair.epoch);
    return true;
  };

/**
 * The authority has revoked a party. The coordinator keeps the new documents back, and shows the last statement that it
 * got before, until that is too old. Gives what ends it.
 */
async function freeze(): Promise<() => Promise<void>> {
  const { fleet } = siege;
  const { client } = siege.node(VICTIM);
  const { documents } = fleet;
  const take = (lifetimeMs?: number) =>
    eventually('a statement that the victim takes', async () => {
      fleet.freshness = fleet.statement(documents, lifetimeMs);
      return client.putFreshness(fleet.freshness).then(
        () => true,
        () => false,
      );
    });
  await take(2000);
  const last = fleet.freshness;
  fleet.sign([4]);
  fleet.documents = documents;
  fleet.freshness = last;
  await eventually('a stale statement', async () => (await client.status()).documents?.freshness === 'stale');
  return () => take();
}

const announcements: Record<string, Attack> = {
  'no noise': {
    layers: ['policy.noise', 'limits.noise'],
    run: lure(() => privacy({ noise_variance_numerator: 0, noise_variance_denominator: 1 })),
  },
  'less noise than the floor': {
    layers: ['policy.noise_floor', 'limits.round_cost'],
    run: lure(() =>
      privacy({ noise_variance_numerator: Math.ceil(fair.config.privacy.noise_variance_numerator / 150) }),
    ),
  },
  'fewer participants': {
    layers: ['policy.min_participants', 'limits.honest_quorum'],
    run: lure(() => ({ min_participants_per_group: 2 })),
  },
  'nobody assumed to collude': { layers: ['policy.colluders'], run: lure(() => privacy({ assumed_colluders: 0 })) },
  'noise for smaller requests': {
    layers: ['policy.clip_norm'],
    run: lure(() => privacy({ clip_norm: Math.ceil(fair.config.privacy.clip_norm / 10) })),
  },
  'another privacy unit': {
    layers: ['policy.privacy_unit', 'limits.privacy_unit'],
    run: lure(() => privacy({ unit: 'router' })),
  },
  'a larger delta': { layers: ['policy.delta'], run: lure(() => privacy({ delta_inverse: 100 })) },
  'words that wrap around': {
    layers: ['policy.word_width'],
    run: lure(() => privacy({ noise_variance_numerator: 2 ** 48, noise_variance_denominator: 1 })),
  },
  'more groups': { layers: ['policy.groups'], run: lure(() => ({ groups: 9 })) },
  'a round of the past': {
    layers: ['round.times'],
    run: lure(() => ({ round_time_ms: Date.now() - 3_600_000, send_from_ms: Date.now() - 3_600_000 })),
  },
  'the signature of another party': {
    layers: ['round.signed'],
    run: async () => {
      await siege.offer(next(), fair.epoch, siege.identity(ACCOMPLICE).secretKey);
      return true;
    },
  },
  'documents that are frozen': {
    layers: ['fleet.fresh'],
    run: async () => {
      const thaw = await freeze();
      try {
        // Under the newest documents that the victim knows, and with all else in order.
        await siege.offer(next(), fair.epoch);
        return true;
      } finally {
        await thaw();
      }
    },
  },
  'two configurations of one round': {
    layers: ['round.once', 'ledger.once'],
    run: async () => {
      const config = next();
      await siege.offer(config, fair.epoch);
      await siege.offer(
        {
          ...config,
          max_participants: config.max_participants - 1,
          layout: { ...config.layout, max_participants: config.max_participants - 1 },
        },
        fair.epoch,
      );
      return true;
    },
  },
  'a round before those it answered': {
    layers: ['round.once', 'ledger.once'],
    run: async () => {
      const older = next();
      await siege.offer(next(), fair.epoch);
      await siege.offer(older, fair.epoch);
      return true;
    },
  },
};

it.each(Object.entries(announcements))('%s', async (_name, attack) => {
  await expectLayers(siege, attack);
});

it('the two configurations are kept as evidence against the coordinator', async () => {
  const { client } = siege.node(VICTIM);
  const { evidence } = await client.evidence();
  expect(evidence).toMatchObject([{ kind: 'two-announcements', party: 'coordinator', cluster: siege.fleet.cluster }]);
  const proven = verifyEvidence(siege.fleet.authority.publicKey, await client.evidenceAt(evidence[0].path as string));
  expect(proven).toMatchObject({ kind: 'two-announcements', party: 'coordinator', round: evidence[0].round });
});

/** What the coordinator makes of a contribution with a member's key in its hands, and its accomplice's. */
function decrypt(
  round: VerifiedRound,
  contribution: Contribution,
  keys: ReadonlyMap<MemberIndex, Bytes>,
): Float64Array {
  const { epoch } = round;
  const suite = sealingSuite(epoch.body.sealing_suite);
  const pad = round.pad(VICTIM as never);
  const keystreams = new Map<number, Bytes>();
  for (const [member, secret] of keys) {
    const { encapsulation, ciphertext } = contribution.boxes[member];
    const aad = domainMessage('box', epoch.hash, round.configHash, VICTIM, member);
    const plaintext = suite.open(
      suite.opener(secret),
      encapsulation,
      domainMessage('sealed-seeds', round.config.fleet),
      aad,
      ciphertext,
    );
    const context = { pieces: epoch.pieces, configHash: round.configHash, routerId: VICTIM };
    for (const [piece, seed] of openBoxPlaintext(context, member, plaintext, contribution.commitments))
      keystreams.set(piece, pad.streamKey(piece, seed));
  }
  expect([...keystreams.keys()].sort()).toEqual([...epoch.pieces].sort());
  const bits = round.config.layout.word_bits;
  const pads = new WordSum(round.dimension, bits);
  for (const key of keystreams.values()) pads.addKeystream(key);
  const sum = new WordSum(round.dimension, bits);
  sum.addPacked(contribution.ciphertext);
  sum.subtract(pads);
  return sum.toSigned();
}

/**
 * Noise of known small variance around what the victim observed: its count of requests shows to within 10 standard
 * deviations.
 */
function showsRequests(round: VerifiedRound, values: Float64Array, requests: number): boolean {
  const { noise_variance_numerator: numerator, noise_variance_denominator: denominator } = round.config.privacy;
  const field = round.config.layout.fields.findIndex(({ name }) => name === 'samples');
  const unit = requests * round.config.layout.fields[field].scale;
  return Math.abs(values[field] - unit) < 10 * Math.sqrt(numerator / denominator);
}

const STOLEN = 'router-2';
/** Epochs begun here. */
let swapped = 0;

/** Seats of a new epoch, and its list with a key of the coordinator's own in the place of one member's. */
async function swappedList(): Promise<{ body: Bytes; epoch: Epoch; secret: Bytes; accompliceSecret: Bytes }> {
  const { policy, roster } = siege.fleet.view;
  const terms = {
    kind: 'seat' as const,
    epoch: (siege.coordinator.local.state.epochs.size + (swapped += 1)) as Epoch['epoch'],
    policy_version: policy.version,
    roster_version: roster.version,
    threshold: 2,
    sealing_suite: policy.sealing_suites[0],
    not_after_ms: Date.now() + 3_600_000,
  };
  const seats = await Promise.all(
    HONEST.map(async (id) => seatMessage.decode(signedMessage.decode(must(await siege.askForEpoch(id, terms))).body)),
  );
  const suite = sealingSuite(terms.sealing_suite);
  const [stolen, accomplice] = [suite.generateKeyPair(random), suite.generateKeyPair(random)];
  const accompliceSeat = {
    member: ACCOMPLICE as never,
    kem_key: accomplice.publicKey,
    vote_key: generateIdentityKey(random).publicKey,
  };
  const members = [...seats, accompliceSeat]
    .map(({ member, kem_key, vote_key }) => ({
      id: member,
      kem_key: member === STOLEN ? stolen.publicKey : kem_key,
      vote_key,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const { kind: _kind, ...shared } = terms;
  const epoch: Epoch = { v: 1, fleet: siege.fleet.authority.fleet, ...shared, members };
  return { body: epochMessage.encode(epoch), epoch, secret: stolen.secretKey, accompliceSecret: accomplice.secretKey };
}

const signatureOf = (said: Bytes): Bytes => epochSignatureMessage.decode(said).signature;

/** Whether the victim's vector shows once it seals its seeds for the list. */
async function robs(list: Awaited<ReturnType<typeof swappedList>>, signatures: Bytes[]): Promise<boolean> {
  const requests = 1000;
  await siege.victimObserves(requests);
  const certificate = { body: list.body, signatures };
  const { round, contribution } = await siege.offer(
    next({ epoch: list.epoch.epoch, epoch_hash: epochHash(list.body) }),
    certificate,
  );
  const index = (id: string) => list.epoch.members.findIndex((member) => member.id === id) as MemberIndex;
  const values = decrypt(
    round,
    contribution,
    new Map([
      [index(STOLEN), list.secret],
      [index(ACCOMPLICE), list.accompliceSecret],
    ]),
  );
  return showsRequests(round, values, requests);
}

const epochs: Record<string, Attack> = {
  'an epoch before the newest': {
    layers: ['epoch.not_older'],
    run: async () => {
      await siege.newEpoch();
      const newer = siege.coordinator.local.state.epoch;
      if (!newer) throw new Error('no epoch');
      await siege.offer(next({ epoch: newer.body.epoch, epoch_hash: newer.hash }), newer.certificate);
      await siege.offer(next(), fair.epoch);
      return true;
    },
  },
  'a policy or roster before the newest': {
    layers: ['fleet.newest'],
    run: async () => {
      const newer = siege.coordinator.local.state.epoch;
      if (!newer) throw new Error('no epoch');
      const before = siege.fleet.view;
      siege.fleet.sign();
      // The router hears of the newer documents as it hears of a round under them.
      const epoch = { epoch: newer.body.epoch, epoch_hash: newer.hash };
      await siege.offer(next(epoch), newer.certificate);
      await siege.offer(
        next({ ...epoch, policy_version: before.policy.version, roster_version: before.roster.version }),
        newer.certificate,
      );
      return true;
    },
  },
  'a committee key swapped: the member does not sign the list': {
    layers: ['epoch.own_keys'],
    run: async () => {
      const list = await swappedList();
      const accomplice = signMessage(
        siege.identity(ACCOMPLICE).secretKey,
        { type: epochMessage.type, fleet: list.epoch.fleet },
        list.body,
      );
      const signatures = await Promise.all(
        list.epoch.members.map(async ({ id }) =>
          id === ACCOMPLICE
            ? accomplice
            : signatureOf(must(await siege.askForEpoch(id, { kind: 'sign-epoch', body: list.body }))),
        ),
      );
      return robs(list, signatures);
    },
  },
  "a committee key swapped: the list goes to the router without the member's signature": {
    layers: ['epoch.signed_by_all'],
    run: async () => {
      const list = await swappedList();
      const accomplice = signMessage(
        siege.identity(ACCOMPLICE).secretKey,
        { type: epochMessage.type, fleet: list.epoch.fleet },
        list.body,
      );
      const signatures = await Promise.all(
        list.epoch.members.map(async ({ id }) => {
          if (id === ACCOMPLICE) return accomplice;
          return id === STOLEN
            ? random(64)
            : signatureOf(must(await siege.askForEpoch(id, { kind: 'sign-epoch', body: list.body })));
        }),
      );
      return robs(list, signatures);
    },
  },
  'a committee with a member missing': {
    layers: ['epoch.committee'],
    run: async () => {
      const { epoch } = await swappedList();
      const members = epoch.members.filter(({ id }) => id !== STOLEN);
      const body = epochMessage.encode({ ...epoch, members });
      const identities = members.map(({ id }) => siege.identity(id));
      // The members' identity keys are not the coordinator's to use: it asks them.
      const signatures = await Promise.all(
        identities.map(async ({ id, secretKey }) => {
          if (id === ACCOMPLICE) return signMessage(secretKey, { type: epochMessage.type, fleet: epoch.fleet }, body);
          return signatureOf(must(await siege.askForEpoch(id, { kind: 'sign-epoch', body })));
        }),
      );
      await siege.offer(next({ epoch: epoch.epoch, epoch_hash: epochHash(body) }), { body, signatures });
      return true;
    },
  },
};

it.each(Object.entries(epochs))('%s', async (_name, attack) => {
  await expectLayers(siege, attack);
});
