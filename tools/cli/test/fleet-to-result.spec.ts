/** From nothing to a verified result with the CLI and the two services alone, as an operator would do it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

jest.setTimeout(120_000);

const dist = resolve(__dirname, '../../../dist');
const scripts = {
  secagg: join(dist, 'tools/cli/main.js'),
  coordinator: join(dist, 'apps/coordinator/main.js'),
  routerNode: join(dist, 'apps/router-node/main.js'),
};

let folder: string;
const processes: ChildProcess[] = [];

beforeAll(() => {
  for (const script of Object.values(scripts))
    if (!existsSync(script)) throw new Error('build the CLI and the apps first: npm test does');
  folder = mkdtempSync(join(tmpdir(), 'secagg-cli-test-'));
});
afterAll(async () => {
  await Promise.all(
    processes.map(
      (child) =>
        new Promise((ended) =>
          child.exitCode === null ? child.once('exit', ended).kill('SIGKILL') : ended(undefined),
        ),
    ),
  );
  rmSync(folder, { recursive: true, force: true });
});

function secagg(...args: string[]): Promise<Record<string, unknown>> {
  return new Promise((done, fail) => {
    execFile(process.execPath, [scripts.secagg, ...args], { cwd: folder }, (error, stdout, stderr) => {
      if (error) fail(new Error(`secagg ${args.join(' ')}: ${stdout}${stderr}`));
      else done(JSON.parse(stdout) as Record<string, unknown>);
    });
  });
}

/** Starts a service; resolves to where it listens. */
async function start(script: string, environment: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [script], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.push(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  for (const deadline = Date.now() + 60_000; Date.now() < deadline && child.exitCode === null; await pause(25)) {
    const port = /"port":(\d+).*listening/.exec(log)?.[1];
    if (port !== undefined) return `http://127.0.0.1:${port}`;
  }
  throw new Error(`it did not start:\n${log}`);
}

it('goes from an empty folder to a verified result', async () => {
  const { cluster } = (await secagg(
    'fleet',
    'init',
    'trial',
    '--cluster',
    'eu',
    '--committee',
    '3',
    '--threshold',
    '2',
    '--min-participants',
    '2',
    '--assumed-colluders',
    '0',
    '--unsafe-no-noise',
  )) as { cluster: string };
  const routers = ['router-0', 'router-1', 'router-2'];
  for (const id of routers) await secagg('fleet', 'issue', id, '--roles', 'router,committee');
  await secagg('fleet', 'issue', 'coordinator', '--roles', 'coordinator');
  await secagg('fleet', 'issue', 'alice', '--roles', 'operator');
  await secagg('fleet', 'roster');

  writeFileSync(
    join(folder, 'coordinator.json'),
    JSON.stringify({
      port: 0,
      dataDir: 'data-coordinator',
      identityKeyFile: 'fleet/parties/coordinator/identity.key',
      authorityKeyFile: 'fleet/authority.pub',
      policyFile: 'fleet/policy.cbor',
      freshnessFile: 'fleet/freshness.cbor',
      rosterFile: 'fleet/roster.cbor',
      autoEpochs: false,
      clusters: [
        {
          cluster,
          keys: ['m:chat', 'm:code'],
          minParticipantsPerGroup: 2,
          maxParticipants: 3,
          privacy: { rho: 'unsafe-none' },
        },
      ],
    }),
  );
  const url = await start(scripts.coordinator, { SECAGG_CONFIG: 'coordinator.json' });
  const nodes = await Promise.all(
    routers.map((id) => {
      writeFileSync(join(folder, `${id}.store.key`), Buffer.from(id.padEnd(32, '.')), { mode: 0o600 });
      return start(scripts.routerNode, {
        SECAGG_ID: id,
        SECAGG_CLUSTER: cluster,
        SECAGG_COORDINATOR_URL: url,
        SECAGG_PORT: '0',
        SECAGG_DATA_DIR: `data-${id}`,
        SECAGG_IDENTITY_KEY_FILE: `fleet/parties/${id}/identity.key`,
        SECAGG_AUTHORITY_KEY_FILE: `fleet/parties/${id}/authority.pub`,
        SECAGG_STORE_KEY_FILE: `${id}.store.key`,
        SECAGG_UNSAFE_NO_NOISE: 'true',
        // Of two, one may be a corrupt member.
        SECAGG_MIN_HONEST_PER_GROUP: '1',
        SECAGG_PREPARE_MS: '1000',
        SECAGG_MAX_REQUESTS_PER_ROUND: '1000',
      });
    }),
  );
  expect(await secagg('epoch', 'start', url, '--operator', 'fleet/parties/alice')).toMatchObject({
    epoch: 1,
    members: routers,
    threshold: 2,
  });
  for (const [i, node] of nodes.entries()) {
    const body = JSON.stringify(
      Array.from({ length: 10 }, (_, j) => ({ model: 'm', task: 'chat', success: j < 5 + i, latency_s: 1 + i })),
    );
    expect(
      (
        await fetch(`${node}/v1/observations`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        })
      ).status,
    ).toBe(202);
  }
  const started = await secagg(
    'round',
    'start',
    url,
    '--operator',
    'fleet/parties/alice',
    '--cluster',
    cluster,
    '--duration-ms',
    '20000',
    '--send-delay-ms',
    '100',
  );
  expect(started).toMatchObject({ round: 1, epoch: 1, keys: 2 });
  expect(await secagg('round', 'status', url, '--cluster', cluster, '--wait-s', '60')).toMatchObject({
    phase: 'published',
    contributions: 3,
  });

  const result = (await secagg('round', 'result', url, '--cluster', cluster, '--authority', 'fleet/authority.pub')) as {
    participants: string[];
    signal: { reward_signals: Record<string, Record<string, number>> };
  };
  expect(result.participants).toEqual(routers);
  expect(Object.keys(result.signal.reward_signals)).toEqual(['m:chat']);
  const { total_samples, success_rate, avg_latency } = result.signal.reward_signals['m:chat'];
  expect(total_samples).toBe(30);
  expect(success_rate).toBeCloseTo(0.6, 4);
  expect(avg_latency).toBeCloseTo(2, 3);

  expect(
    await secagg('audit', url, '--cluster', cluster, '--authority', 'fleet/authority.pub', '--json'),
  ).toMatchObject({ verified: true, round: 1, outcome: 'opened' });
  await expect(secagg('audit', url, '--cluster', cluster)).rejects.toThrow('--authority');
  await secagg('fleet', 'init', 'trial', '--cluster', 'eu', '--dir', 'other');
  await expect(secagg('audit', url, '--cluster', cluster, '--authority', 'other/authority.pub')).rejects.toThrow(
    'NOT VERIFIED',
  );

  // What was decided, from the coordinator and from a router that has verified it, which are the same words.
  const decision = await secagg(
    'decision',
    url,
    '--cluster',
    cluster,
    '--round',
    '1',
    '--authority',
    'fleet/authority.pub',
    '--json',
    '--out',
    'decision.cbor',
  );
  expect(decision).toMatchObject({ verified: true, decision: 'ready', contributions: 3 });
  const isSettled = async (node: string) =>
    ((await (await fetch(`${node}/v1/status`)).json()) as { participations: { state: string }[] }).participations[0]
      ?.state === 'included';
  for (const node of nodes) for (let i = 0; i < 300 && !(await isSettled(node)); i++) await pause(100);
  expect(
    await secagg(
      'decision',
      nodes[1],
      '--cluster',
      cluster,
      '--round',
      '1',
      '--authority',
      'fleet/authority.pub',
      '--json',
    ),
  ).toMatchObject({ decision: 'ready', round: 1 });
  expect(
    await secagg('decision', 'decision.cbor', '--authority', 'fleet/authority.pub', '--send', nodes[2], '--json'),
  ).toMatchObject({ decision: 'ready', outcome: 'included' });

  expect(await secagg('suspicion', url, '--cluster', cluster, '--json')).toMatchObject({
    latest_round: 1,
    suspects: [],
    quarantine_rounds: 0,
  });

  await secagg('fleet', 'policy', '--cluster', 'eu', '--min-participants', '3', '--quarantine-rounds', '20');
  expect(await secagg('fleet', 'publish', url)).toMatchObject({ policy: 2, roster: 1 });
  expect(await secagg('suspicion', url, '--cluster', cluster, '--json')).toMatchObject({ quarantine_rounds: 20 });
  expect(await secagg('budget', 'show', nodes[0])).toMatchObject({
    id: 'router-0',
    protects: 'window',
    protected: expect.stringContaining('at most one from each round') as string,
    rho: { spent: 0, request: 0 },
  });
  expect(await secagg('budget', 'history', nodes[0], '--limit', '5')).toEqual({
    protects: 'window',
    protected: expect.any(String) as string,
    entries: [],
    next_before: null,
  });
});
