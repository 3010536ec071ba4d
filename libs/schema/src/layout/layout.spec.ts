import { parseOrRefuse } from '../signal/parse';
import { defaultFields } from './default-fields';
import { type FieldSpec } from './fields';
import { keyIndex, layoutDimension, type RoundLayout, roundLayoutSchema } from './layout';

const layout: RoundLayout = {
  keys: ['a:t', 'b:t', 'b:u'],
  fields: defaultFields({ quality: true, cost: true }),
  max_requests_per_router: 1000,
  max_participants: 300,
  word_bits: 40,
};
const field = (name: FieldSpec['name'], change: Partial<FieldSpec>): FieldSpec[] =>
  layout.fields.map((spec) => (spec.name === name ? { ...spec, ...change } : spec));
const without = (...names: FieldSpec['name'][]): FieldSpec[] =>
  layout.fields.filter((spec) => !names.includes(spec.name));

describe('roundLayoutSchema', () => {
  it.each<[string, Partial<RoundLayout>]>([
    ['all fields', {}],
    ['no quality', { fields: without('quality', 'quality_samples') }],
    ['no cost', { fields: without('cost', 'cost_samples') }],
    ['the least', { fields: defaultFields(), keys: ['m:t'] }],
  ])('takes %s', (_name, change) => {
    expect(parseOrRefuse(roundLayoutSchema, { ...layout, ...change }, 'layout')).toEqual({ ...layout, ...change });
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['no keys', 'keys', { keys: [] }],
    ['no fields', 'fields', { fields: [] }],
    [
      'more fields than arguments a call can have',
      'fields',
      { fields: Array.from({ length: 200_000 }, () => layout.fields[0]) },
    ],
    ['unsorted keys', 'keys', { keys: ['b:t', 'a:t'] }],
    ['a key twice', 'keys', { keys: ['a:t', 'a:t'] }],
    ['a key that is none', 'keys[1]', { keys: ['a:t', 'b'] }],
    ['fields out of order', 'fields', { fields: [...layout.fields].reverse() }],
    ['a field twice', 'fields', { fields: [...defaultFields(), ...defaultFields().slice(2)] }],
    ['no latency', 'fields', { fields: without('latency') }],
    ['quality without its count', 'fields', { fields: without('quality_samples') }],
    ['a cost count without cost', 'fields', { fields: without('cost') }],
    ['an unknown field', 'fields[0].unit', { fields: layout.fields.map((spec) => ({ ...spec, unit: 's' })) }],
    ['a count whose bound is not its scale', 'fields[0].bound_units', { fields: field('samples', { bound_units: 1 }) }],
    ['a count with a centre', 'fields[0].centre_units', { fields: field('samples', { centre_units: 1 }) }],
    [
      'a centre past the bound',
      'fields[2].centre_units',
      { fields: field('latency', { bound_units: 5, centre_units: 6 }) },
    ],
    ['a fractional scale', 'fields[1].scale', { fields: field('successes', { scale: 0.5 }) }],
    ['no requests', 'max_requests_per_router', { max_requests_per_router: 0 }],
    ['no participants', 'max_participants', { max_participants: 0 }],
    ['words too narrow for the sums', 'word_bits', { word_bits: 35 }],
    ['words too wide', 'word_bits', { word_bits: 49 }],
    ['an unknown field of the layout', 'version', { version: 1 }],
  ])('refuses %s, naming %s', (_name, path, change) => {
    expect(() => parseOrRefuse(roundLayoutSchema, { ...layout, ...change }, 'layout')).toThrow(
      expect.objectContaining({ code: 'invalid', details: { path } }),
    );
  });
});

describe('catalogue', () => {
  it('finds every key where it stands, and no other', () => {
    const keys = Array.from({ length: 101 }, (_, i) => `m:${i}`).sort();
    const long = { ...layout, keys };
    expect(keys.map((key) => keyIndex(long, key))).toEqual(keys.map((_, i) => i));
    for (const key of ['', 'm:', 'm:101', 'n:0', 'a']) expect(keyIndex(long, key)).toBe(-1);
    expect(layoutDimension(long)).toBe(707);
  });
});
