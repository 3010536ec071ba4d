import { createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useTestFolder } from '../../test/support/test-folder';
import { openRouterStore } from '../store/router-store';
import { requesterHash } from './requester-hash';

const folder = useTestFolder();
const key = new Uint8Array(32).fill(9);

describe('a requester id', () => {
  it('becomes a keyed hash, the same under the same identity key only', () => {
    const derived = Buffer.from(hkdfSync('sha256', key, '', 'secagg/v1/requester-id', 32));
    const expected = createHmac('sha256', derived).update('user-é').digest().subarray(0, 16).toString('base64url');
    expect(requesterHash(key)('user-é')).toBe(expected);
    expect(requesterHash(new Uint8Array(32).fill(8))('user-é')).not.toBe(expected);
  });

  it('is nowhere on the disk as it came, and counts for a retried batch', () => {
    const store = openRouterStore(folder(), new Uint8Array(32), requesterHash(key), (error) => {
      throw error;
    });
    const row = { model: 'm', task: 't', success: true, latency_s: 1 };
    const add = (requester: string) =>
      store.observations.add({ observations: [{ ...row, requester }], idempotencyKey: 'k' }, 1);
    expect(add('somebody-in-particular')).toEqual({ accepted: 1, added: 1 });
    expect(add('somebody-in-particular')).toEqual({ accepted: 1, added: 0 });
    expect(() => add('somebody-else')).toThrow(expect.objectContaining({ code: 'duplicate' }));
    expect([...store.observations.waiting()]).toEqual([
      { id: 1, observation: row, requester: requesterHash(key)('somebody-in-particular') },
    ]);
    store.close();
    expect(readFileSync(join(folder(), 'router.db')).includes('somebody')).toBe(false);
  });
});
