/** A shortened crash test, and proof that it finds what it is for: the same with services that break a promise. */
import { UnsafeDraw } from '@secagg/testbed/random';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { request } from 'undici';
import { crashTest } from '../src/crash-test';
import { CrashFleet } from '../src/fleet/crash-fleet';
import { parseCommandLine } from '../src/options';
import { coordinatorOperations } from '../src/points';
import { createWorld, type Scripts, subject } from '../src/world';

jest.setTimeout(300_000);

const dist = resolve(__dirname, '../../../dist');
const scripts: Scripts = {
  coordinator: join(dist, 'apps/coordinator/main.js'),
  routerNode: join(dist, 'apps/router-node/main.js'),
  cli: join(dist, 'tools/cli/main.js'),
};
const altered: string[] = [];

beforeAll(() => {
  for (const script of Object.values(scripts))
    if (!existsSync(script)) throw new Error('build the apps and the CLI first: npm test does');
});
afterAll(() => altered.forEach((file) => rmSync(file, { recursive: true, force: true })));

const run = async (args: string[], services = scripts) => {
  const printed: string[] = [];
  const report = await crashTest(parseCommandLine(args), { scripts: services, print: (text) => printed.push(text) });
  const folder = /databases and logs are in (.*)/.exec(printed.join('\n'))?.[1];
  if (report.failures > 0 && folder !== undefined && services !== scripts)
    rmSync(folder, { recursive: true, force: true });
  return { ...report, printed };
};

/** A service with some of its text replaced, as a copy beside it: it has to stay where its packages are found. */
function alter(script: string, name: string, replacements: readonly [from: RegExp, to: string][]): string {
  const folder = join(script, `../../${name}-${process.pid}`);
  cpSync(join(script, '..'), folder, { recursive: true });
  altered.push(folder);
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
  for (const [from, to] of replacements) {
    const found = files.filter((file) => from.test(readFileSync(join(folder, file), 'utf8')));
    expect(found).toHaveLength(1);
    const file = join(folder, found[0]);
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
  }
  return join(folder, 'main.js');
}

it('loses nothing, and does nothing twice, where processes are killed at points and at instants', async () => {
  const { problems, printed, kills, outcomes, receipts, fleets } = await run(['--kills', '12', '--seed', 'ci']);
  expect({ problems, printed }).toMatchObject({ problems: [] });
  expect(kills).toBeGreaterThanOrEqual(12);
  expect(fleets).toBe(1);
  expect(outcomes.published).toBeGreaterThan(0);
  expect(receipts).toBeGreaterThan(3);
});

it('brings about what a point needs: seeds passed on to a member whose box does not open, by one that dies of it', async () => {
  const { problems, printed, killed } = await run(['--matrix', '--only', 'in-send:transfer', '--seed', 'ci']);
  expect({ problems, printed }).toMatchObject({ problems: [] });
  expect(killed).toEqual({ 'member in-send:transfer': 1 });
});

it('finds a coordinator that gives receipts before contributions are durable', async () => {
  const coordinator = alter(scripts.coordinator, 'receipts-early', [
    [/await settled\?\.\(\);/, ''],
    [/ {4}await this\.durable\(\);\n {4}return step\.reply;/, '    return step.reply;'],
  ]);
  const { problems } = await run(['--matrix', '--only', 'before-durable:contribution-accepted', '--seed', 'ci'], {
    ...scripts,
    coordinator,
  });
  expect(problems.join('\n')).toMatch(
    /the acknowledged contribution of router-\d is missing in round|contributions, and \d were acknowledged/,
  );
});

it('finds a router-node that accepts observations before they are durable', async () => {
  // Works out the answers in a transaction that it undoes, gives them, and comes back for the commit.
  const early = `    this.told = !this.told;
    if (this.told) {
      const answers = [];
      try {
        this.tables.transaction(() => {
          for (const { add, resolve } of this.pending) answers.push([resolve, add()]);
          throw new Error("undone");
        });
      } catch {}
      this.recount();
      for (const [resolve, answer] of answers) resolve(answer);
      return false;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
`;
  const routerNode = alter(scripts.routerNode, 'accepts-early', [
    [/( {2}flush\(\) \{\n)( {4}const group\d* = \[\];\n)/, `$1${early}$2`],
  ]);
  const { problems } = await run(
    ['--matrix', '--only', 'router before-durable:observations-accepted', '--seed', 'ci'],
    { ...scripts, routerNode },
  );
  expect(problems.join('\n')).toMatch(
    /batch router-\d-\d+ (had been acknowledged before round \d+, and is not in it|is in no round)|router-\d holds/,
  );
});

it('knows every operation of the coordinator', async () => {
  const folder = join(dist, `crash-test-operations-${process.pid}`);
  const world = await createWorld(
    new CrashFleet(folder, 'exact'),
    new UnsafeDraw('operations'),
    scripts,
    () => undefined,
  );
  try {
    const coordinator = subject(world, 'coordinator');
    await coordinator.start();
    const reply = await request(`${coordinator.url}/openapi.json`);
    const { paths } = (await reply.body.json()) as { paths: Record<string, Record<string, { operationId: string }>> };
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect([...coordinatorOperations].sort()).toEqual([...ids].sort());
    await coordinator.stop();
    expect(world.problems).toEqual([]);
  } finally {
    for (const each of world.subjects.values()) {
      each.killNow();
      await each.ended;
      await each.closeLog();
    }
    await world.coordinator.close();
    await world.proxy.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
