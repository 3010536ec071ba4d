import { createHmac, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useTestFolder } from '../../test/support/test-folder';
import { openObservationTables } from '../store/observation-tables';
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
    const tables = openObservationTables({ dataDir: folder(), hash: requesterHash(key) });
    const row = { model: 'm', task: 't', success: true, latency_s: 1 };
    const rows = (requester: string) => [tables.observations.rowOf({ ...row, requester })];
    const accepted = { accepted: 1, unlisted: 0 };
    tables.observations.add(rows('somebody-in-particular'), 1);
    tables.batches.put('k', rows('somebody-in-particular'), accepted, 1);
    expect(tables.batches.find('k', rows('somebody-in-particular'))).toEqual(accepted);
    expect(() => tables.batches.find('k', rows('somebody-else'))).toThrow(
      expect.objectContaining({ code: 'duplicate' }),
    );
    expect([...tables.observations.ready(['m:t'], 0)]).toEqual([
      { id: 1, key: 'm:t', requester: requesterHash(key)('somebody-in-particular'), chargedUnits: 0 },
    ]);
    expect([...tables.observations.read([1])]).toEqual([row]);
    tables.close();
    expect(readFileSync(join(folder(), 'observations.db')).includes('somebody')).toBe(false);
  });
});
