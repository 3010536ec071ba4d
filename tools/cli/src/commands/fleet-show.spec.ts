import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateMessage, policyMessage, rosterMessage, type Signed, signedMessage } from '@secagg/schema';
import { json, secagg } from '../../test/support/secagg';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'secagg-cli-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]) => join(folder, ...names);
const read = (...names: string[]): Signed => signedMessage.decode(new Uint8Array(readFileSync(at(...names))));
const iso = (ms: number) => new Date(ms).toISOString();

async function fleet(): Promise<void> {
  await json('fleet', 'init', 'trial', '--cluster', 'eu', '--committee', '1', '--threshold', '1', '--dir', folder);
  await json('fleet', 'issue', 'router-0', '--roles', 'router,committee', '--dir', folder);
  await json('fleet', 'issue', 'old', '--roles', 'router', '--days', '3', '--dir', folder);
  await json('fleet', 'issue', 'gone', '--roles', 'router', '--dir', folder);
  await json('fleet', 'roster', '--revoke', 'gone', '--days', '90', '--dir', folder);
  await json('fleet', 'issue', 'late', '--roles', 'operator', '--dir', folder);
}

describe('secagg fleet show', () => {
  it('has the dates of policy, roster, certificates and statement, as they were signed', async () => {
    await fleet();
    const policy = policyMessage.decode(read('policy.cbor').body);
    const roster = rosterMessage.decode(read('roster.cbor').body);
    const shown = await json('fleet', 'show', '--json', '--dir', folder);
    expect(shown).toMatchObject({
      fleet: 'trial',
      authority: readFileSync(at('authority.pub'), 'utf8').trim(),
      policy: {
        version: 1,
        not_before: iso(policy.issued_at_ms),
        not_after: iso(policy.not_after_ms),
        state: 'valid',
      },
      clusters: [{ id: 'eu', members: 'every router of the roster', unsafe_no_noise: false }],
      roster: { version: 1, not_before: iso(roster.issued_at_ms), not_after: iso(roster.not_after_ms), state: 'valid' },
      freshness: { signed_by: 'authority', not_before: iso(roster.issued_at_ms), state: 'valid' },
      freshness_key: null,
    });
    const certificates = shown.certificates as { id: string; state: string; not_before: string; not_after: string }[];
    expect(certificates.map(({ id, state }) => [id, state])).toEqual([
      ['gone', 'revoked'],
      ['late', 'not_on_roster'],
      ['old', 'ends_soon'],
      ['router-0', 'valid'],
    ]);
    for (const { id, not_before, not_after } of certificates) {
      const { not_before_ms, not_after_ms } = certificateMessage.decode(read('parties', id, 'certificate.cbor').body);
      expect([not_before, not_after]).toEqual([iso(not_before_ms), iso(not_after_ms)]);
    }
  });

  it('has a line for each of them for people, and says what has ended', async () => {
    await fleet();
    await json('fleet', 'freshness', 'lend', '--days', '1', '--dir', folder);
    const later = Date.now() + 4 * 86_400_000;
    const clock = jest.spyOn(Date, 'now').mockReturnValue(later);
    const { status, out } = await secagg('fleet', 'show', '--dir', folder);
    clock.mockRestore();
    expect(status).toBe(0);
    const lines = out.split('\n');
    const day = '\\d{4}-\\d\\d-\\d\\dT\\S+Z';
    const of = (what: string, state: string) =>
      expect.stringMatching(new RegExp(`^${what} .*${day} to ${day}  ${state}$`)) as string;
    expect(lines[0]).toMatch(/^fleet trial, authority [0-9a-f]{64}$/);
    expect(lines.slice(1)).toEqual([
      of('policy +version 1', 'valid'),
      'cluster      eu: every router of the roster',
      of('roster +version 1', 'valid'),
      of('certificate +3 gone \\(router\\)', 'revoked'),
      of('certificate +4 late \\(operator\\)', 'not on the roster: secagg fleet roster'),
      of('certificate +2 old \\(router\\)', 'ENDED'),
      of('certificate +1 router-0 \\(committee, router\\)', 'valid'),
      of('statement +by authority', 'valid'),
      of('online key +serial 5', 'ENDED'),
    ]);
  });

  it('works where nothing but a fleet was made, and where there is none says so', async () => {
    await json('fleet', 'init', 'trial', '--cluster', 'eu', '--dir', folder);
    expect(await json('fleet', 'show', '--json', '--dir', folder)).toMatchObject({
      roster: null,
      certificates: [],
      freshness: null,
    });
    writeFileSync(at('empty'), '');
    expect(await secagg('fleet', 'show', '--dir', at('nowhere'))).toMatchObject({
      status: 1,
      err: expect.stringContaining('holds no fleet') as string,
    });
  });
});
