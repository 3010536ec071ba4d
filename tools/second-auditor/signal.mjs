// From the sums to the published signal (docs/protocol.md, "The signal").
import { fail } from './errors.mjs';
import { centred } from './packing.mjs';
import { implausibleGroups } from './plausibility.mjs';

const TOLERANCE = 1e-13;

const centredSums = (config, sums) =>
  sums.map((words) => Array.from(words, (word) => centred(word, config.layout.word_bits)));

function totalOf(config, values) {
  const totals = new Array(config.layout.keys.length * config.layout.fields.length).fill(0);
  for (const group of values) group.forEach((value, i) => (totals[i] += value));
  return totals;
}

export function resultOf(config, groups, leftOut, sums, cost) {
  const participants = groups
    .flatMap(({ members }) => members.map((header) => header.router))
    .sort((a, b) => (a < b ? -1 : 1));
  const { privacy, layout } = config;
  const variance = privacy.noise_variance_numerator / privacy.noise_variance_denominator;
  const sigma = Math.sqrt(participants.length * variance);
  const values = centredSums(config, sums);
  const implausible = implausibleGroups(config, groups, values);
  const decoded =
    implausible.length > 0
      ? { signals: {}, details: {}, withheld: layout.keys.map((key) => ({ key, reason: 'implausible' })) }
      : decodeKeys(config, totalOf(config, values), sigma);
  const noise = cost && { privacy_budget_used: cost.epsilon, noise_scale: sigma / layout.fields[0].scale };
  return {
    signal: {
      schema_version: 1,
      aggregation_round: config.round,
      cluster_hash: config.cluster,
      participant_count: participants.length,
      timestamp: new Date(config.deadline_ms).toISOString(),
      ...noise,
      reward_signals: decoded.signals,
    },
    details: decoded.details,
    withheld: decoded.withheld,
    participants,
    left_out: leftOut,
    ...(implausible.length > 0 && { implausible }),
    privacy: {
      unit: privacy.unit,
      rho: cost ? cost.rho : null,
      epsilon: cost ? cost.epsilon : null,
      delta: 1 / privacy.delta_inverse,
    },
  };
}

function decodeKeys(config, totals, sigma) {
  const { keys, fields } = config.layout;
  const decoded = { signals: {}, details: {}, withheld: [] };
  keys.forEach((key, k) => {
    const sums = new Map(fields.map((spec, f) => [spec.name, { ...spec, sum: totals[k * fields.length + f] }]));
    decodeKey(decoded, key, sums, sigma);
  });
  return decoded;
}

function decodeKey(decoded, key, sums, sigma) {
  const samples = countOf(sums.get('samples'), sigma);
  if (samples.unusable) {
    decoded.withheld.push({ key, reason: samples.unusable });
    return;
  }
  const measures = {
    success_rate: meanOf(sums.get('successes'), samples, sigma),
    avg_latency: meanOf(sums.get('latency'), samples, sigma),
    total_samples: { value: Math.round(samples.value), unclamped: samples.value, error: samples.error },
  };
  for (const [measure, field] of [
    ['quality_score', 'quality'],
    ['cost_efficiency', 'cost'],
  ]) {
    if (!sums.has(field)) continue;
    const count = countOf(sums.get(`${field}_samples`), sigma);
    if (count.unusable) decoded.withheld.push({ key, measure, reason: count.unusable });
    else measures[measure] = meanOf(sums.get(field), count, sigma);
  }
  const pick = (property) =>
    Object.fromEntries(Object.entries(measures).map(([name, measure]) => [name, measure[property]]));
  decoded.signals[key] = pick('value');
  const clamped = Object.keys(measures).filter((name) => measures[name].clamped);
  decoded.details[key] = { standard_errors: pick('error'), unclamped: pick('unclamped'), clamped };
}

function countOf(field, sigma) {
  const value = field.sum / field.scale;
  const error = sigma / field.scale;
  const unusable = Math.round(value) < 1 ? 'no_samples' : value < 5 * error ? 'noise' : undefined;
  return { value, error, sum: field.sum, unusable };
}

function meanOf(field, count, sigma) {
  const weight = count.value * field.scale;
  const unclamped = (field.sum + field.centre_units * count.value) / weight;
  const error = (sigma * Math.sqrt(1 + (field.sum / count.sum) * (field.sum / count.sum))) / weight;
  const value = Math.min(Math.max(unclamped, 0), field.bound_units / field.scale);
  return { value, unclamped, error, clamped: value !== unclamped };
}

// The document fixes epsilon as a minimum, not the steps that lead to it: the published one is taken when it is within
// rounding of ours.
export function compareWithPublished(result, bytes) {
  const text = bytes.toString('utf8');
  let published;
  try {
    published = JSON.parse(text);
  } catch {
    fail('malformed', 'signal.json is not JSON');
  }
  const given = published?.privacy?.epsilon;
  const ours = result.privacy.epsilon;
  if (typeof given === 'number' && ours !== null && Math.abs(given - ours) <= TOLERANCE * ours) {
    result.privacy.epsilon = given;
    result.signal.privacy_budget_used = given;
  }
  const expected = `${JSON.stringify(result, null, 2)}\n`;
  if (bytes.equals(Buffer.from(expected))) return;
  const theirs = text.split('\n');
  const line = expected.split('\n').findIndex((entry, i) => entry !== theirs[i]);
  fail(
    'wrong_digest',
    `signal.json, line ${line + 1}: "${theirs[line] ?? ''}", recomputed "${expected.split('\n')[line] ?? ''}"`,
  );
}
