// The announcement and what the policy asks of it (docs/protocol.md, "Layout: from observations to integers" and
// "Announcement").
import { checkSignature, domainHash } from './crypto.mjs';
import { check } from './errors.mjs';
import { partyInRole } from './fleet.mjs';
import { parse } from './messages.mjs';
import { worstCaseUnits } from './privacy.mjs';
import { hasRoom } from './rlwe.mjs';

// The part of the announcement that is checked before the epoch certificate: the signer and the signature.
export function openAnnouncement(documents, bytes) {
  const signed = parse('signed', bytes, 'announcement');
  const config = parse('announcement', signed.body, 'announcement');
  const { policy, roster } = documents;
  const coordinator = partyInRole(documents, config.coordinator, 'coordinator', config.round_time_ms);
  checkSignature(coordinator.public_key, 'round-config', policy.fleet, signed.body, signed.signature, 'announcement');
  check(
    config.round_time_ms <= policy.not_after_ms && config.round_time_ms <= roster.not_after_ms,
    'policy',
    'policy or roster has ended',
  );
  return { ...config, hash: domainHash('round-config', signed.body) };
}

export function checkAnnouncement(documents, epoch, config) {
  const { policy, roster } = documents;
  const asked = (condition, detail) => check(condition, 'policy', `announcement: ${detail}`);
  check(
    config.epoch === epoch.epoch && config.epoch_hash.equals(epoch.hash),
    'wrong_epoch',
    'announcement names another epoch',
  );
  const rules = policy.clusters.find((entry) => entry.cluster === config.cluster);
  asked(rules !== undefined, 'cluster is not in the policy');
  asked(config.fleet === policy.fleet, 'fleet');
  asked(config.policy_version === policy.version && config.roster_version === roster.version, 'document versions');
  asked((policy.protocol_versions ?? [1]).includes(config.v), 'protocol version');
  asked(policy.suites.includes(config.suite), 'suite');
  asked(config.round_time_ms <= config.send_from_ms && config.send_from_ms < config.deadline_ms, 'times');
  asked(config.deadline_ms <= epoch.not_after_ms, 'deadline after the end of the epoch');
  const { layout, privacy } = config;
  asked(privacy.delta_inverse >= rules.min_delta_inverse, 'delta');
  asked(rules.privacy_units.includes(privacy.unit), 'privacy unit');
  asked(config.min_participants_per_group >= rules.min_participants_per_group, 'participants per group');
  asked(config.groups <= rules.max_groups, 'too many groups');
  asked(config.groups >= 3 || config.combination === 'sum', 'too few groups for the combination');
  asked(privacy.assumed_colluders >= rules.min_assumed_colluders, 'assumed colluders');
  asked(privacy.assumed_colluders < config.min_participants_per_group, 'assumed colluders leave nobody');
  asked(config.max_participants === layout.max_participants, 'two different max_participants');
  asked(config.max_participants >= config.groups * config.min_participants_per_group, 'max_participants');
  asked(layout.word_bits >= leastWordBits(config), 'word_bits');
  asked(hasRoom(config.suite, layout.word_bits, config.max_participants), 'no room in the suite');
  asked(
    privacy.unit !== 'request' || BigInt(privacy.clip_norm) ** 2n >= squaredRequestNorm(layout),
    'clip_norm below the request norm',
  );
  if (privacy.noise_variance_numerator === 0) {
    asked(rules.unsafe_no_noise, 'no noise');
  } else {
    asked(
      privacy.assumed_colluders >= corruptCandidates(policy.committee, rules.members),
      'corrupt committee members may be among the routers, and are not assumed to collude',
    );
    asked(worstCaseUnits(config) <= BigInt(rules.max_round_rho_units), 'noise below the floor');
  }
  return rules;
}

// Without a list of members every router of the roster is in the cluster, and any candidate may be one.
function corruptCandidates({ candidates, threshold }, members) {
  const listed = new Set(members);
  const both = members.length === 0 ? candidates : candidates.filter((id) => listed.has(id));
  return Math.min(threshold - 1, both.length);
}

const magnitude = (spec) => Math.max(spec.centre_units, spec.bound_units - spec.centre_units);

// The request norm is the least integer whose square reaches this; an integer reaches the norm when its square reaches
// this too.
const squaredRequestNorm = (layout) => layout.fields.reduce((sum, spec) => sum + BigInt(magnitude(spec)) ** 2n, 0n);

function leastWordBits(config) {
  const { layout, privacy } = config;
  const participants = BigInt(layout.max_participants);
  const values =
    participants * BigInt(layout.max_requests_per_router) * BigInt(Math.max(...layout.fields.map(magnitude)));
  const numerator = participants * BigInt(privacy.noise_variance_numerator);
  const largest = values + 12n * ceilRoot(numerator, BigInt(privacy.noise_variance_denominator));
  return largest.toString(2).length + 2;
}

// ceil(sqrt(numerator / denominator)): the least c with c^2 * denominator >= numerator.
function ceilRoot(numerator, denominator) {
  let low = 0n;
  let high = numerator + 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    if (middle * middle * denominator >= numerator) high = middle;
    else low = middle + 1n;
  }
  return low;
}
