/** npm run replica-test -- --help: apps/coordinator/test/replicas.spec.ts, in full size. */
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const positive = (text) => {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a positive integer.');
  return text;
};

function settings() {
  const { killDatabase, routers, rounds, seed, sendingMs, json } = new Command('replica-test')
    .description(
      'Three coordinators on one PostgreSQL, one killed or stopped for a while every two seconds while the routers contribute.',
    )
    .option('--routers <n>', 'routers that contribute', positive, '300')
    .option('--rounds <n>', 'rounds', positive, '3')
    .option('--seed <s>', 'the same seed draws the same kills (default: the time)')
    .option('--sending-ms <ms>', 'time that contributions of a round spread over', positive, '20000')
    .option('--kill-database', 'sometimes kill the database instead', false)
    .option('--json <file>', 'write the figures as JSON')
    .allowExcessArguments(false)
    .showHelpAfterError('(--help for the options)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse()
    .opts();
  return {
    TEST_REPLICA_KILL_DATABASE: killDatabase ? '1' : '0',
    TEST_REPLICA_ROUTERS: routers,
    TEST_REPLICA_ROUNDS: rounds,
    TEST_REPLICA_SEED: seed ?? String(Date.now()),
    TEST_REPLICA_SENDING_MS: sendingMs,
    TEST_REPLICA_REQUIRED: '1',
    ...(json === undefined ? {} : { TEST_REPLICA_JSON: resolve(json) }),
  };
}

const environment = { ...process.env, ...settings() };
const jest = [
  join(root, 'node_modules/jest/bin/jest.js'),
  '--config',
  join(root, 'jest.config.cjs'),
  join(root, 'apps/coordinator/test/replicas.spec.ts'),
];
const child = spawn(process.execPath, jest, { env: environment, stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
