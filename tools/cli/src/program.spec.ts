import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signDocument, verifyFleet } from '@secagg/protocol';
import { policyMessage, signedMessage } from '@secagg/schema';
import { listen, portOf } from '@secagg/testbed/ports';
import { json, secagg } from '../test/support/secagg';
import { FleetFolder } from './fleet-folder';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'secagg-cli-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const routers = (count: number) => Array.from({ length: count }, (_, i) => `router-${i}`).join(',');

describe('fleet', () => {
  const at = (...names: string[]) => join(folder, 'fleet', ...names);
  const dir = () => ['--dir', at()];
  const fleetOf = () => {
    const key = new Uint8Array(Buffer.from(readFileSync(at('authority.pub'), 'utf8').trim(), 'hex'));
    const [policy, roster] = ['policy', 'roster'].map((name) =>
      signedMessage.decode(new Uint8Array(readFileSync(at(`${name}.cbor`)))),
    );
    return verifyFleet(key, { policy, roster });
  };

  it('is made, grows, changes and shrinks offline, and every party can verify it', async () => {
    await json('fleet', 'init', 'trial', '--cluster', 'eu', '--committee', '1', '--threshold', '1', ...dir());
    await json('fleet', 'issue', 'router-0', '--roles', 'router,committee', ...dir());
    const own = await json('identity', 'create', join(folder, 'own.key'));
    await json('fleet', 'issue', 'router-1', '--roles', 'router', '--public-key', String(own.public_key), ...dir());
    await json('fleet', 'roster', ...dir());
    const before = fleetOf();
    expect([...before.certificates.keys()]).toEqual(['router-0', 'router-1']);
    expect(Buffer.from(before.certificates.get('router-1' as never)?.public_key ?? []).toString('hex')).toBe(
      own.public_key,
    );
    expect(existsSync(at('parties', 'router-1', 'identity.key'))).toBe(false);

    await json('fleet', 'policy', '--cluster', 'eu', '--min-participants', '6', ...dir());
    await json('fleet', 'policy', '--cluster', 'us', '--unsafe-no-noise', ...dir());
    await json('fleet', 'roster', '--revoke', 'router-1', ...dir());
    const after = fleetOf();
    expect(after.policy.version).toBe(3);
    expect(after.roster.version).toBe(2);
    expect(
      after.policy.clusters.map(({ min_participants_per_group, unsafe_no_noise }) => [
        min_participants_per_group,
        unsafe_no_noise,
      ]),
    ).toEqual([
      [6, false],
      [4, true],
    ]);
    expect(after.policy.clusters.map(({ min_assumed_colluders }) => min_assumed_colluders)).toEqual([1, 1]);
    expect(after.policy.clusters[0].max_round_rho_units).toBe(before.policy.clusters[0].max_round_rho_units);
    expect([...after.revoked]).toEqual([after.certificates.get('router-1' as never)?.serial]);
  });

  it('never gives a serial twice, and certifies a party again only after a revocation', async () => {
    await json('fleet', 'init', 'trial', '--cluster', 'eu', '--committee', '1', '--threshold', '1', ...dir());
    await json('fleet', 'issue', 'op', '--roles', 'operator', '--public-key', 'ab'.repeat(32), ...dir());
    expect((await secagg('fleet', 'issue', 'op', '--roles', 'operator', ...dir())).status).toBe(1);
    await json('fleet', 'roster', '--revoke', 'op', ...dir());
    expect(
      await json('fleet', 'issue', 'op', '--roles', 'operator', '--public-key', 'cd'.repeat(32), ...dir()),
    ).toMatchObject({ serial: 2 });
    await json('fleet', 'roster', ...dir());
    expect([...fleetOf().revoked]).toEqual([1]);
  });

  it('keeps private keys to their owner', async () => {
    await json('fleet', 'init', 'trial', '--cluster', 'eu', ...dir());
    await json('fleet', 'issue', 'router-0', '--roles', 'router', ...dir());
    for (const path of [at('authority.key'), at('parties', 'router-0', 'identity.key')]) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readFileSync(path)).toHaveLength(32);
    }
    writeFileSync(join(folder, 'open.key'), new Uint8Array(32).fill(1), { mode: 0o644 });
    expect((await secagg('identity', 'show', join(folder, 'open.key'))).err).toContain('600');
  });

  it('seals private keys under a store key, for their party alone', async () => {
    const [key, storeKey, other] = ['own.key', 'store.key', 'other.key'].map((name) => join(folder, name));
    for (const [path, byte] of [
      [storeKey, 1],
      [other, 2],
    ] as const)
      writeFileSync(path, new Uint8Array(32).fill(byte), { mode: 0o600 });
    const made = await json('identity', 'create', key);
    const clear = readFileSync(key);
    expect(await json('identity', 'seal', key, '--id', 'router-1', '--store-key', storeKey)).toEqual({
      file: key,
      public_key: made.public_key,
      sealed: true,
    });
    expect(readFileSync(key).includes(clear)).toBe(false);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(await json('identity', 'show', key, '--id', 'router-1', '--store-key', storeKey)).toEqual({
      public_key: made.public_key,
      sealed: true,
    });
    expect((await secagg('identity', 'show', key, '--id', 'router-1', '--store-key', other)).err).toContain(
      'cannot_open',
    );
    expect((await secagg('identity', 'show', key, '--id', 'router-2', '--store-key', storeKey)).err).toContain(
      'cannot_open',
    );
    expect((await secagg('identity', 'seal', key, '--id', 'router-1', '--store-key', storeKey)).err).toContain(
      'instead of 32',
    );

    const sealed = join(folder, 'sealed.key');
    const second = await json('identity', 'create', sealed, '--id', 'router-2', '--store-key', storeKey);
    expect(await json('identity', 'show', sealed, '--id', 'router-2', '--store-key', storeKey)).toEqual({
      public_key: second.public_key,
      sealed: true,
    });
  });

  it.each([
    ['a committee that cannot work', ['--committee', '3', '--threshold', '3'], 'policy'],
    ['a name the wire does not take', [], 'invalid'],
    ['no cluster', [], 'cluster'],
  ])('refuses %s', async (name, options, complaint) => {
    const cluster = name === 'no cluster' ? [] : ['--cluster', 'eu'];
    const { status, err } = await secagg(
      'fleet',
      'init',
      name.startsWith('a name') ? 'Trial 1' : 'trial',
      ...cluster,
      ...options,
      ...dir(),
    );
    expect(status).toBe(name === 'no cluster' ? 2 : 1);
    expect(err).toContain(complaint);
    expect(existsSync(at())).toBe(false);
  });

  it('warns of a fleet in which nobody is assumed to collude, and refuses one in which everybody is', async () => {
    const made = await json('fleet', 'init', 'trial', '--cluster', 'eu', ...dir());
    expect(made).not.toHaveProperty('warnings');
    expect((await json('fleet', 'policy', '--cluster', 'eu', '--assumed-colluders', '0', ...dir())).warnings).toEqual([
      expect.stringContaining('collude'),
    ]);
    const refused = await secagg('fleet', 'policy', '--cluster', 'us', '--min-participants', '1', ...dir());
    expect(refused).toMatchObject({ status: 1, err: expect.stringContaining('--assumed-colluders') as string });
  });

  it('counts corrupt committee members as colluders wherever they may be routers of the cluster', async () => {
    const terms = () => {
      const { min_participants_per_group: least, min_assumed_colluders: colluders } = fleetOf().policy.clusters[0];
      return { least, colluders };
    };
    const committee = ['--committee', '7', '--threshold', '3'];
    const made = await json('fleet', 'init', 'trial', '--cluster', 'eu', ...committee, ...dir());
    await json('fleet', 'roster', ...dir());
    expect(terms()).toEqual({ least: 6, colluders: 3 });
    expect(made.colluders).toContain('2 corrupt committee members');
    // Another committee changes what every cluster assumes, and leaves what the operator assumes besides.
    await json('fleet', 'policy', '--committee', '10', '--threshold', '4', '--candidates', routers(10), ...dir());
    expect(terms()).toEqual({ least: 6, colluders: 4 });
    const refused = await secagg('fleet', 'policy', '--cluster', 'eu', '--assumed-colluders', '3', ...dir());
    expect(refused).toMatchObject({ status: 1, err: expect.stringContaining('3 corrupt committee members') as string });
    // Members of the cluster that are no candidates: what the operator says.
    const separate = await json('fleet', 'policy', '--cluster', 'eu', '--members', 'a,b,c,d,e,f', ...dir());
    expect(terms()).toEqual({ least: 6, colluders: 1 });
    expect(separate.colluders).toContain('no committee candidate is a router of the cluster');
  });

  it('does not publish a policy whose rounds everybody would refuse', async () => {
    await json('fleet', 'init', 'trial', '--cluster', 'eu', '--committee', '7', '--threshold', '3', ...dir());
    await json('fleet', 'roster', ...dir());
    const authority = new FleetFolder(at()).authority();
    const terms = policyMessage.decode(new FleetFolder(at()).document('policy')?.body as Uint8Array);
    // As one was signed before corrupt candidates had to be counted.
    const clusters = terms.clusters.map((cluster) => ({ ...cluster, min_assumed_colluders: 1 }));
    const old = signDocument(policyMessage, terms.fleet, { ...terms, clusters }, authority.secretKey);
    writeFileSync(at('policy.cbor'), signedMessage.encode(old));
    const { status, err } = await secagg('fleet', 'publish', 'http://127.0.0.1:9', ...dir());
    expect(status).toBe(1);
    expect(err).toContain('2 corrupt committee candidates may be among its routers');
  });

  it('sets routers aside for some rounds where it is told to, and no more', async () => {
    await json('fleet', 'init', 'trial', '--cluster', 'eu', ...dir());
    await json('fleet', 'roster', ...dir());
    const terms = () => fleetOf().policy.clusters[0];
    expect(terms()).not.toHaveProperty('quarantine_rounds');
    await json('fleet', 'policy', '--cluster', 'eu', '--quarantine-rounds', '20', ...dir());
    expect(terms().quarantine_rounds).toBe(20);
    await json('fleet', 'policy', '--cluster', 'eu', '--min-participants', '6', ...dir());
    expect(terms()).toMatchObject({ quarantine_rounds: 20, min_participants_per_group: 6 });
    await json('fleet', 'policy', '--cluster', 'eu', '--quarantine-rounds', '0', ...dir());
    expect(terms()).not.toHaveProperty('quarantine_rounds');
    expect(await secagg('fleet', 'policy', '--cluster', 'eu', '--quarantine-rounds', '10001', ...dir())).toMatchObject({
      status: 1,
      err: expect.stringContaining('quarantine_rounds') as string,
    });
  });

  it('does not replace an authority', async () => {
    await json('fleet', 'init', 'trial', '--cluster', 'eu', ...dir());
    const key = readFileSync(at('authority.key'));
    expect((await secagg('fleet', 'init', 'trial', '--cluster', 'eu', ...dir())).status).toBe(1);
    expect(readFileSync(at('authority.key'))).toEqual(key);
  });
});

describe('privacy', () => {
  // docs/protocol.md, "Privacy cost and ledger", published values.
  it.each([
    [1 / 32, 1e-3, 0.6880024554878086],
    [0.5, 1e-6, 5.221534444530169],
    [0.1, 1e-6, 2.141938928385474],
    [0.01, 1e-9, 0.8101744678675342],
  ])('turns rho %p at delta %p into epsilon', async (rho, delta, epsilon) => {
    const figures = await json('privacy', 'rho-to-epsilon', '--rho', String(rho), '--delta', String(delta));
    expect(Math.abs(Number(figures.epsilon) / epsilon - 1)).toBeLessThan(1e-9);
    expect(figures).toMatchObject({ rho, tau: 0 });
  });

  it.each([
    [2, 1, 1, 1, 5.17232e-4, 3.5452],
    [1000, 2, 20, 10_000, 7.157e-17, 1.47159],
  ])('gives the cost of %p noisy shares', async (n, s, d2, d, tau, epsilon) => {
    const figures = await json(
      'privacy',
      'sum',
      '--contributors',
      String(n),
      '--scale',
      String(s),
      '--sensitivity',
      String(d2),
      '--dimension',
      String(d),
      '--delta',
      '1e-6',
    );
    expect(Number(figures.tau) / tau).toBeCloseTo(1, 3);
    expect(figures.epsilon).toBeCloseTo(epsilon, 4);
  });

  it('refuses noise that is too narrow, with its code', async () => {
    const { status, out } = await secagg(
      'privacy',
      'sum',
      '--contributors',
      '100',
      '--scale',
      '0.5',
      '--sensitivity',
      '10',
      '--dimension',
      '1000',
      '--delta',
      '1e-6',
    );
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ code: 'tau_not_negligible' });
  });

  it.each([
    [['--rho', '-1', '--delta', '0.1'], 'invalid'],
    [['--rho', '1', '--delta', '1'], 'invalid'],
  ])('refuses %p', async (args, code) => {
    const { status, out } = await secagg('privacy', 'rho-to-epsilon', ...args);
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ code });
  });
});

describe('suspicion', () => {
  const cluster = 'ab'.repeat(32);
  const entry = {
    rounds: 30,
    flagged_rounds: 10,
    flagged_share: 1 / 3,
    base_rate: 0.38,
    p_value: 1,
    named_in_round: null,
    quarantined_until_round: null,
  };
  const report = {
    cluster,
    rounds: 30,
    latest_round: 31,
    error_probability: 0.01,
    min_rounds: 10,
    quarantine_rounds: 20,
    suspects: ['router-18', 'router-7'],
    routers: [
      {
        ...entry,
        router: 'router-18',
        flagged_rounds: 30,
        flagged_share: 1,
        p_value: 2.5e-13,
        named_in_round: 14,
        quarantined_until_round: 34,
      },
      { ...entry, router: 'router-7', flagged_rounds: 25, flagged_share: 25 / 30, p_value: 3e-6, named_in_round: 29 },
      { ...entry, router: 'router-1' },
    ],
  };

  async function answered(body: object, ...options: string[]) {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await listen(server);
    try {
      const result = await secagg('suspicion', `http://127.0.0.1:${portOf(server)}`, '--cluster', cluster, ...options);
      expect(asked).toEqual([`/v1/clusters/${cluster}/suspicion`]);
      return result;
    } finally {
      await new Promise((closed) => server.close(closed));
    }
  }

  it('shows those that are named, and everything as JSON', async () => {
    const { status, out } = await answered(report);
    expect(status).toBe(0);
    expect(out.split('\n')).toEqual([
      `cluster ${cluster}: 30 rounds counted, the last one 31; 2 of 3 routers named`,
      '  judged from 10 rounds on; an honest one is ever named with probability 0.01 at most',
      '  quarantine: 20 rounds',
      '  router     rounds  flagged  anybody  chance   named after  sits out until',
      '  router-18  30      100%     38%      2.5e-13  round 14     round 34',
      '  router-7   30      83%      38%      3.0e-6   round 29     -',
    ]);
    expect(JSON.parse((await answered(report, '--json')).out)).toEqual(report);
  });

  it('says so when nobody is', async () => {
    const { out } = await answered({
      ...report,
      rounds: 0,
      latest_round: 0,
      quarantine_rounds: 0,
      suspects: [],
      routers: [],
    });
    expect(out).toContain('0 rounds counted; 0 of 0 routers named');
    expect(out).toContain('quarantine: none in the policy');
    expect(out.split('\n')).toHaveLength(3);
  });

  it('believes no other answer', async () =>
    expect(await answered({ ...report, suspects: 'nobody' })).toMatchObject({
      status: 1,
      err: expect.stringContaining('malformed') as string,
    }));
});

describe('command line', () => {
  it.each([
    [['audit', '/nowhere/at/all'], 1],
    [['privacy', 'sum'], 2],
    [['fleet', 'nonsense'], 2],
    [['fleet', 'issue', 'a', '--roles', 'king'], 2],
    [['fleet', 'issue', 'a', 'b', '--roles', 'router'], 2],
    [['round', 'status', 'ftp://x', '--cluster', 'ab'], 2],
    [['backup', 'only-one-path'], 2],
    [['identity', 'create', 'x', '--id', 'y'], 2],
    [['decision', 'http://127.0.0.1:1', '--authority', '/nowhere'], 1],
    [['audit', 'http://127.0.0.1:1'], 2],
    [['no-such-command'], 2],
    [['--no-such-option'], 2],
    [[], 2],
  ])('fails on %p with status %i', async (args, expected) => {
    const { status, err } = await secagg(...args);
    expect(status).toBe(expected);
    expect(err).not.toBe('');
  });

  it.each([
    ['epoch', 'show'],
    ['round', 'status', '--cluster', 'ab'.repeat(16)],
    ['round', 'result', '--cluster', 'ab'.repeat(16), '--authority', 'x'],
    ['suspicion', '--cluster', 'ab'.repeat(16)],
    ['budget', 'show'],
    ['evidence', 'list', '--authority', 'x'],
    ['audit', '--cluster', 'ab'.repeat(16), '--authority', 'x'],
    ['fleet', 'publish'],
  ])('never repeats a URL that may hold a password: %s %s', async (...command) => {
    for (const url of [
      'https://u:hunter2@h/?x',
      'https://u:hunter2@h#x',
      'https://u:hunter2',
      'https://u:hunter2@h p',
    ]) {
      const { status, err } = await secagg(...command, url);
      expect({ url, status }).toEqual({ url, status: 2 });
      expect(err).not.toContain('hunter2');
    }
  });

  it.each([
    [['epoch', 'show'], '/gw/secagg/v1/epochs/current'],
    [['budget', 'show'], '/gw/secagg/v1/status'],
    [['suspicion', '--cluster', 'ab'.repeat(16)], `/gw/secagg/v1/clusters/${'ab'.repeat(16)}/suspicion`],
  ])('%p asks below the prefix of the URL, with its credentials', async (command, path) => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`);
      response.writeHead(404).end();
    });
    await listen(server);
    const port = portOf(server);
    const { err } = await secagg(...command, `http://u:hunter2@127.0.0.1:${port}/gw/secagg/`);
    await new Promise((resolve) => server.close(resolve));
    expect(asked).toEqual([`${path} Basic ${Buffer.from('u:hunter2').toString('base64')}`]);
    expect(err).not.toContain('hunter2');
  });

  it('helps', async () => expect(await secagg('--help')).toMatchObject({ status: 0 }));
});
