// Groups whose sums no honest routers can have sent (docs/protocol.md, "The signal").

const COUNT_OF = { successes: 'samples', latency: 'samples', quality: 'quality_samples', cost: 'cost_samples' };

// groups and values in the same order; values are the centred integers of each group.
export function implausibleGroups(config, groups, values) {
  return groups.flatMap(({ group, members }, i) => {
    const wrong = whatIsWrong(config, members.length, values[i]);
    return wrong ? [{ group, routers: members.map((header) => header.router), ...wrong }] : [];
  });
}

function whatIsWrong({ suite, layout, privacy }, size, values) {
  if (suite !== 'pad' && values.every((value) => value === -(2 ** (layout.word_bits - 1))))
    return { reason: 'spoiled' };
  const { keys, fields } = layout;
  const deviation = Math.sqrt((size * privacy.noise_variance_numerator) / privacy.noise_variance_denominator);
  const noise = 12 * deviation;
  const rounding = privacy.unit === 'router' ? 2 * size : 0;
  const most = (units) => {
    const requests = size * layout.max_requests_per_router * units;
    return privacy.unit === 'router' ? Math.min(requests, size * privacy.clip_norm) : requests;
  };
  const margin = noise + rounding;
  let requests = 0;
  for (const [k, key] of keys.entries()) {
    const of = Object.fromEntries(
      fields.map((spec, f) => [spec.name, { ...spec, sum: values[k * fields.length + f] }]),
    );
    const outside = fields.find(({ name, centre_units: centre, bound_units: bound }) => {
      const { sum } = of[name];
      return sum < -most(centre) - margin || sum > most(bound - centre) + margin;
    });
    if (outside) return { reason: 'out_of_range', key, field: outside.name };
    const wrong = fields.find(({ name }) => !fits(of, name, noise, rounding));
    if (wrong) return { reason: 'inconsistent', key, field: wrong.name };
    requests += of.samples.sum;
  }
  const allowed = size * layout.max_requests_per_router * fields.find(({ name }) => name === 'samples').scale;
  return requests > allowed + rounding * keys.length + noise * Math.sqrt(keys.length)
    ? { reason: 'too_many_requests' }
    : undefined;
}

function fits(of, name, noise, rounding) {
  const field = of[name];
  const below = (difference, factor) =>
    difference <= noise * Math.sqrt(1 + factor * factor) + rounding * (1 + factor) + 1;
  const count = of[COUNT_OF[name]];
  if (count) {
    const high = (field.bound_units - field.centre_units) / count.scale;
    const low = field.centre_units / count.scale;
    return below(field.sum - high * count.sum, high) && below(-field.sum - low * count.sum, low);
  }
  if (name === 'samples') return true;
  const factor = field.scale / of.samples.scale;
  return below(field.sum - factor * of.samples.sum, factor);
}
