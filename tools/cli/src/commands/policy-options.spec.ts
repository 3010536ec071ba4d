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

describe('what one policy allows the next one can take back', () => {
  const init = (...options: string[]) => json('fleet', 'init', 'trial', '--cluster', 'eu', '--dir', folder, ...options);
  const change = (...options: string[]) => secagg('fleet', 'policy', '--cluster', 'eu', '--dir', folder, ...options);

  it('members: a list, and every router of the roster again', async () => {
    await init('--members', 'router-5,router-6');
    expect(terms().members).toEqual(['router-5', 'router-6']);
    expect((await change('--min-participants', '5')).status).toBe(0);
    expect(terms().members).toEqual(['router-5', 'router-6']);
    expect((await change('--members', '*')).status).toBe(0);
    expect(terms().members).toEqual([]);
  });

  it.each(['', ' ', ','])('members: %j is no list, and changes nothing', async (text) => {
    await init('--members', 'router-5');
    expect(await change('--members', text)).toMatchObject({
      status: 2,
      err: expect.stringContaining('list, separated by commas') as string,
    });
    expect(terms().members).toEqual(['router-5']);
  });

  it('rounds without noise', async () => {
    await init('--unsafe-no-noise');
    expect((await change('--min-participants', '5')).status).toBe(0);
    expect(terms().unsafe_no_noise).toBe(true);
    expect((await change('--require-noise')).status).toBe(0);
    expect(terms().unsafe_no_noise).toBe(false);
    expect((await change('--require-noise', '--unsafe-no-noise')).status).toBe(2);
  });
});

describe('help', () => {
  const help = async (command: string) => (await secagg('fleet', command, '--help')).out.replace(/\s+/g, ' ');

  it('shows defaults for the first policy, and none for what stays as it is in the next one', async () => {
    const [first, next] = [await help('init'), await help('policy')];
    expect(first).toContain('committee members (default: 4)');
    expect(first).toContain('most groups of a round (default: 1)');
    expect(next).toContain('stays as it is');
    expect(next).toContain('most groups of a round (new cluster: 1)');
    // What no earlier policy has.
    expect([...next.matchAll(/\(default: ([^)]*)\)/g)].map(([, value]) => value)).toEqual(['"fleet"', '1e-6', '365']);
  });
});
