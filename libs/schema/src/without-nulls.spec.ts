import { withoutNulls } from './without-nulls';

describe('null is absent', () => {
  it('in objects down to the depth that is asked for', () => {
    const value = { a: null, b: { c: null, d: { e: null } }, f: [null, { g: null }] };
    expect(withoutNulls(value)).toEqual({ b: { c: null, d: { e: null } }, f: [null, { g: null }] });
    expect(withoutNulls(value, 2)).toEqual({ b: { d: { e: null } }, f: [null, { g: null }] });
    expect(withoutNulls(value, 3)).toEqual({ b: { d: {} }, f: [null, {}] });
  });

  it('and leaves alone what has none, and names that objects inherit', () => {
    const value = { a: 1, b: [undefined, 2], c: { d: '' } };
    expect(withoutNulls(value, 9)).toBe(value);
    const inherited = JSON.parse('{"__proto__":{"x":1},"y":null}') as unknown;
    expect(JSON.stringify(withoutNulls(inherited, 2))).toBe('{"__proto__":{"x":1}}');
    for (const other of [null, undefined, 1, 'x', true]) expect(withoutNulls(other, 3)).toBe(other);
  });
});
