/**
 * A fleet of the command line, whose documents and statements go to its services: once by hand, then renewed by a
 * process that runs on.
 */
import { eventually } from '@secagg/testbed/wait';
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { TrialFleet } from './support/trial-fleet';

jest.setTimeout(180_000);

const fleet = new TrialFleet(['router-0']);
const plan = { minParticipantsPerGroup: 4, maxParticipants: 4, privacy: { epsilon: 0.5 } };
let renewing: ChildProcess | undefined;

afterAll(() => {
  renewing?.kill('SIGKILL');
  return fleet.remove();
});

const documents = async () => (await fleet.status('router-0')).documents;

it('asks for statements by default, and hands them to a coordinator and to a router-node directly', async () => {
  await fleet.create(['--committee', '1', '--threshold', '1', '--candidates', 'router-0']);
  await fleet.startCoordinator(plan);
  await fleet.startNode('router-0');
  await eventually('its documents', async () => (await documents())?.freshness === 'fresh');
  await fleet.secagg('fleet', 'roster');
  await fleet.secagg('fleet', 'publish', fleet.node('router-0').url);
  expect(await documents()).toMatchObject({ policy: 1, roster: 2, freshness: 'fresh' });
  await fleet.secagg('fleet', 'publish', fleet.origin, fleet.node('router-0').url);
});

it('renews them with an online key, again and again', async () => {
  await fleet.secagg('fleet', 'freshness', 'lend');
  const before = (await documents())?.issued_at as string;
  const script = resolve(__dirname, '../../../dist/tools/cli/main.js');
  renewing = spawn(
    process.execPath,
    [script, 'fleet', 'freshness', 'renew', fleet.origin, fleet.node('router-0').url, '--every', '0.0002'],
    { cwd: fleet.folder, env: { PATH: process.env.PATH ?? '' }, stdio: 'ignore' },
  );
  const seen = new Set<string>();
  await eventually('three newer statements', async () => {
    const issuedAt = (await documents())?.issued_at as string;
    if (issuedAt > before) seen.add(issuedAt);
    return seen.size > 2;
  });
  expect(await fleet.secagg('fleet', 'freshness', 'show')).toMatchObject({ statement: { signed_by: 'online key 4' } });
});
