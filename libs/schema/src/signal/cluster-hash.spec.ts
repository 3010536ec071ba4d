import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { SecaggError } from '../problems';
import { createClusterHash } from './cluster-hash';

const hex = (text: string): string => Buffer.from(text, 'utf8').toString('hex');
const length = (text: string): string => Buffer.byteLength(text).toString(16).padStart(8, '0');

describe('createClusterHash', () => {
  it('is the documented hash', () => {
    const parts = ['secagg/v1/cluster-hash', 'clüster-1', 'salt'];
    const bytes = Buffer.from(parts.map((part) => length(part) + hex(part)).join(''), 'hex');
    expect(createClusterHash('clüster-1', 'salt')).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(createClusterHash('cluster-1', 'salt')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('tells every two splits of one text apart', () => {
    const text = 'abcabc';
    const hashes = [1, 2, 3, 4, 5].map((at) => createClusterHash(text.slice(0, at), text.slice(at)));
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('is equal only for equal pairs', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(text, text, text, text, (id, salt, otherId, otherSalt) => {
        const same = id === otherId && salt === otherSalt;
        expect(createClusterHash(id, salt) === createClusterHash(otherId, otherSalt)).toBe(same);
      }),
    );
  });

  it.each([
    ['', 's', 'id'],
    ['i', '', 'salt'],
    ['\ud800', 's', 'id'],
    ['i', 's\udfff', 'salt'],
    ['x'.repeat(4097), 's', 'id'],
  ])('refuses %j with %j, naming %s', (id, salt, path) => {
    const make = () => createClusterHash(id, salt);
    expect(make).toThrow(SecaggError);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid', details: { path } }));
  });
});
