// The messages of a transcript: their fields and sizes (docs/protocol.md, "Fleet documents" to "Answering").
import { decodeCbor } from './cbor.mjs';
import { check } from './errors.mjs';
import * as f from './fields.mjs';

const KIB = 1024;
const MIB = 1024 * 1024;
const MILLION = 1_000_000;
const DAY_MS = 86_400_000;
const HOSTILE_IN_KEYS = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

const message = (limit, fields) => ({ limit, kind: f.map(fields) });

const signed = message(64 * MIB + 128, { body: f.bytes(0, 64 * MIB), signature: f.signature });

const certificate = message(KIB, {
  v: f.version,
  fleet: f.name,
  serial: f.counter,
  id: f.name,
  roles: f.sorted(1, 4, f.role),
  organisation: f.text(1, 128),
  public_key: f.bytes(32),
  not_before_ms: f.time,
  not_after_ms: f.time,
});

const documentHead = { v: f.version, fleet: f.name, version: f.counter, issued_at_ms: f.time, not_after_ms: f.time };

const roster = message(16 * MIB, {
  ...documentHead,
  certificates: f.array(0, 20_000, signed.kind),
  revoked_serials: f.array(0, 20_000, f.counter),
});

const clusterPolicyFields = f.map({
  cluster: f.cluster,
  members: f.sorted(0, 20_000, f.name),
  privacy_units: f.array(1, 2, f.unit),
  min_participants_per_group: f.uint(1, MILLION),
  min_assumed_colluders: f.uint(0, MILLION),
  max_groups: f.uint(1, 1024),
  max_round_rho_units: f.units,
  budget_rho_units: f.units,
  budget_window_days: f.uint(0, 36_500),
  budget_protects: f.optional(f.oneOf('window', 'event')),
  min_delta_inverse: f.uint(2, Number.MAX_SAFE_INTEGER),
  unsafe_no_noise: f.bool,
  quarantine_rounds: f.optional(f.uint(1, 10_000)),
});

const clusterPolicy = (value, path) => {
  clusterPolicyFields(value, path);
  check(
    value.budget_protects !== 'event' || !value.privacy_units.includes('router'),
    'invalid',
    `${path}.budget_protects: event with unit router`,
  );
};

const policy = message(16 * MIB, {
  ...documentHead,
  clusters: f.array(1, 1024, clusterPolicy),
  committee: f.map({
    candidates: f.sorted(0, 1024, f.name),
    size: f.uint(1, 30),
    threshold: f.uint(1, 30),
    max_epoch_ms: f.uint(1, 366 * DAY_MS),
  }),
  protocol_versions: f.optional(f.array(1, 16, f.uint(1, 1000))),
  suites: f.array(1, 4, f.suite),
  sealing_suites: f.array(1, 4, f.sealingSuite),
  misbehaviour: f.optional(f.oneOf('record', 'exclude')),
  freshness: f.optional(f.map({ max_age_ms: f.uint(1000, 366 * DAY_MS), grace_ms: f.uint(0, 366 * DAY_MS) })),
  clock_tolerance_ms: f.uint(1000, DAY_MS),
});

const epoch = message(128 * KIB, {
  v: f.version,
  fleet: f.name,
  epoch: f.counter,
  policy_version: f.counter,
  roster_version: f.counter,
  threshold: f.uint(1, 30),
  sealing_suite: f.sealingSuite,
  not_after_ms: f.time,
  members: f.array(1, 30, f.map({ id: f.name, kem_key: f.bytes(0, 2048), vote_key: f.bytes(32) }), (entry) => entry.id),
});

const epochCertificate = message(160 * KIB, { body: f.bytes(0, 128 * KIB), signatures: f.array(1, 30, f.signature) });

function layoutKey(value, path) {
  f.text(3, 200)(value, path);
  const colon = value.lastIndexOf(':');
  check(colon > 0 && colon < value.length - 1, 'invalid', `${path}: not model:task`);
  check(!HOSTILE_IN_KEYS.test(value), 'invalid', `${path}: control characters`);
}

const FIELD_NAMES = ['samples', 'successes', 'latency', 'quality', 'quality_samples', 'cost', 'cost_samples'];

const fieldSpec = f.map({
  name: f.oneOf(...FIELD_NAMES),
  scale: f.uint(1, 2 ** 44),
  bound_units: f.uint(1, 2 ** 44),
  centre_units: f.uint(0, 2 ** 44),
});

function layoutFields(value, path) {
  f.array(3, 7, fieldSpec, (spec) => FIELD_NAMES.indexOf(spec.name))(value, path);
  const names = value.map((spec) => spec.name);
  check(
    names.slice(0, 3).join() === FIELD_NAMES.slice(0, 3).join(),
    'invalid',
    `${path}: a mandatory field is missing`,
  );
  for (const optional of ['quality', 'cost']) {
    check(
      names.includes(optional) === names.includes(`${optional}_samples`),
      'invalid',
      `${path}: ${optional} without its count`,
    );
  }
  for (const spec of value) {
    const unbounded = spec.name === 'latency' || spec.name === 'cost';
    check(unbounded || spec.bound_units === spec.scale, 'invalid', `${path}: bound of ${spec.name}`);
    const isCount = spec.name.endsWith('samples');
    check(spec.centre_units <= (isCount ? 0 : spec.bound_units), 'invalid', `${path}: centre of ${spec.name}`);
  }
}

const announcement = message(2 * MIB, {
  v: f.version,
  fleet: f.name,
  cluster: f.cluster,
  round: f.counter,
  round_time_ms: f.time,
  send_from_ms: f.time,
  deadline_ms: f.time,
  coordinator: f.name,
  epoch: f.counter,
  epoch_hash: f.digest,
  policy_version: f.counter,
  roster_version: f.counter,
  suite: f.suite,
  layout: f.map({
    keys: f.sorted(1, 65_536, layoutKey),
    fields: layoutFields,
    max_requests_per_router: f.uint(1, 2 ** 30),
    max_participants: f.uint(1, MILLION),
    word_bits: f.uint(4, 48),
  }),
  privacy: f.map({
    unit: f.unit,
    clip_norm: f.uint(1, 2 ** 47),
    noise_variance_numerator: f.uint(0, Number.MAX_SAFE_INTEGER),
    noise_variance_denominator: f.uint(1, 2 ** 16),
    assumed_colluders: f.uint(0, MILLION),
    delta_inverse: f.uint(2, Number.MAX_SAFE_INTEGER),
  }),
  groups: f.uint(1, 1024),
  combination: f.oneOf('sum', 'median', 'trimmed-mean'),
  min_participants_per_group: f.uint(1, MILLION),
  max_participants: f.uint(1, MILLION),
});

const header = message(4096, {
  v: f.version,
  fleet: f.name,
  cluster: f.cluster,
  round: f.counter,
  group: f.group,
  config_hash: f.digest,
  epoch_hash: f.digest,
  router: f.name,
  timestamp_ms: f.time,
  ciphertext_digest: f.digest,
  commitments_digest: f.digest,
  box_digests: f.array(1, 30, f.digest),
});

const inRound = {
  v: f.version,
  fleet: f.name,
  cluster: f.cluster,
  round: f.counter,
  epoch_hash: f.digest,
  config_hash: f.digest,
};

const report = message(130 * KIB, {
  ...inRound,
  member: f.member,
  headers_root: f.digest,
  count: f.uint(0, MILLION),
  usable: f.bytes(0, 125_000),
});

const readyVote = f.map({
  ...inRound,
  kind: f.oneOf('ready'),
  groups: f.array(
    1,
    1024,
    f.map({ group: f.group, set_root: f.digest, size: f.uint(1, MILLION) }),
    (entry) => entry.group,
  ),
  reports_hash: f.digest,
});

const reason = f.oneOf('insufficient_participants', 'policy', 'no_valid_proposal', 'coordinator_restored');
const abortVote = f.map({ ...inRound, kind: f.oneOf('abort'), reason });

const vote = {
  limit: 128 * KIB,
  kind: (value, path) => (value?.kind === 'abort' ? abortVote : readyVote)(value, path),
};

const decision = message(128 * KIB + 8192, {
  body: f.bytes(0, 128 * KIB),
  votes: f.array(1, 30, f.map({ member: f.member, signature: f.signature, reason: f.optional(reason) })),
});

const answer = message(24 * MIB, {
  ...inRound,
  member: f.member,
  decision_hash: f.digest,
  hashes: f.array(0, 1024 * 256, f.map({ group: f.group, piece: f.piece, hash: f.digest })),
});

export const SHAPES = {
  signed,
  certificate,
  roster,
  policy,
  epoch,
  epochCertificate,
  announcement,
  header,
  report,
  vote,
  decision,
  answer,
};

export function parse(shape, bytes, what) {
  check(bytes.length <= SHAPES[shape].limit, 'too_large', `${what}: ${bytes.length} bytes`);
  const value = decodeCbor(bytes, what);
  SHAPES[shape].kind(value, what);
  return value;
}
