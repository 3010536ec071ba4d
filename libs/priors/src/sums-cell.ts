import { DEFAULT_WITHHOLD_BELOW, DENOMINATOR, type FieldName, keyIndex, type RoundLayout } from '@secagg/schema';
import { type CellEvidence, type Measure, type NoisyRatio, type SummedRound } from './evidence';

const FIELD: Readonly<Record<Measure, keyof typeof DENOMINATOR>> = {
  success: 'successes',
  latency: 'latency',
  quality: 'quality',
  cost: 'cost',
};

/** A key's part of the sums of a round; undefined when its catalogue lacks the key. */
export function cellOfSums(round: SummedRound, key: string): CellEvidence | undefined {
  const { layout, sums, own, noiseVariance } = round;
  const index = keyIndex(layout as RoundLayout, key);
  if (index < 0) return undefined;
  const width = layout.fields.length;
  const at = new Map(layout.fields.map((field, offset) => [field.name, { field, offset: index * width + offset }]));
  const units = (name: FieldName): number => {
    const offset = at.get(name)?.offset as number;
    return sums[offset] - (own?.[offset] ?? 0);
  };
  const count = (name: FieldName) => {
    const scale = at.get(name)?.field.scale as number;
    return { value: units(name) / scale, variance: noiseVariance / (scale * scale) };
  };
  const ratios: Partial<Record<Measure, NoisyRatio>> = {};
  for (const [measure, name] of Object.entries(FIELD) as [Measure, keyof typeof DENOMINATOR][]) {
    const found = at.get(name);
    if (!found || !at.has(DENOMINATOR[name])) continue;
    const { scale, centre_units } = found.field;
    const { value, variance } = count(DENOMINATOR[name]);
    const centre = centre_units / scale;
    ratios[measure] = {
      sum: units(name) / scale + centre * value,
      count: value,
      sumVariance: noiseVariance / (scale * scale) + centre * centre * variance,
      countVariance: variance,
      covariance: centre * variance,
    };
  }
  const samples = count('samples');
  const published = sums[at.get('samples')?.offset as number] / (at.get('samples')?.field.scale as number);
  const isWithheld = Math.round(published) < 1 || published < DEFAULT_WITHHOLD_BELOW * Math.sqrt(samples.variance);
  return { kind: 'measured', samples, ratios, isWithheld };
}
