import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterPolicy, policyMessage, signedMessage } from '@secagg/schema';
import { json, secagg } from '../../test/support/secagg';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'secagg-cli-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const terms = (): ClusterPolicy =>
  policyMessage.decode(signedMessage.decode(readFileSync(join(folder, 'policy.cbor'))).body).clusters[0];

describe('--budget-protects', () => {
  const init = (...options: string[]) => ['fleet', 'init', 'trial', '--cluster', 'eu', '--dir', folder, ...options];
  const change = (...options: string[]) => ['fleet', 'policy', '--cluster', 'eu', '--dir', folder, ...options];

  it('holds the budget to single requests, with a word on what that leaves out, and back to the window', async () => {
    await json(...init());
    expect(terms()).not.toHaveProperty('budget_protects');
    expect((await json(...change('--budget-protects', 'event'))).warnings).toEqual([
      expect.stringMatching(/one by one.*SECAGG_BUDGET_PROTECTS/),
    ]);
    expect(terms().budget_protects).toBe('event');
    await json(...change('--min-participants', '5'));
    expect(terms()).toMatchObject({ budget_protects: 'event', min_participants_per_group: 5 });
    await json(...change('--budget-protects', 'window'));
    expect(terms()).not.toHaveProperty('budget_protects');
  });

  it('is refused with unit router, whichever comes first', async () => {
    for (const unit of ['router', 'both'])
      expect(await secagg(...init('--unit', unit, '--budget-protects', 'event'))).toMatchObject({
        status: 2,
        err: expect.stringContaining('a router is in every round') as unknown,
      });
  });

  it('is refused with unit router also when that comes later', async () => {
    await json(...init('--budget-protects', 'event'));
    expect((await secagg(...change('--unit', 'both'))).err).toContain('a router is in every round');
    expect(terms().privacy_units).toEqual(['request']);
  });
});
