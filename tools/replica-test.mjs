/**
 * node tools/replica-test.mjs [--routers 300] [--rounds 3] [--seed TEXT] [--sending-ms 20000] [--kill-database] [--json FILE]: three coordinators
 * on one PostgreSQL, one killed or stopped for a while every two seconds while the routers contribute, and with --kill-database sometimes the
 * database instead (apps/coordinator/test/replicas.spec.ts, in full size).
 */
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function settings() {
  const { values } = parseArgs({
    options: {
      routers: { type: 'string', default: '300' },
      rounds: { type: 'string', default: '3' },
      seed: { type: 'string', default: String(Date.now()) },
      'sending-ms': { type: 'string', default: '20000' },
      'kill-database': { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  for (const name of ['routers', 'rounds', 'sending-ms']) {
    if (!/^[1-9]\d{0,6}$/.test(values[name])) throw new Error(`--${name} must be a positive integer`);
  }
  const { routers, rounds, seed, 'sending-ms': sendingMs, json } = values;
  return {
    TEST_REPLICA_KILL_DATABASE: values['kill-database'] ? '1' : '0',
    TEST_REPLICA_ROUTERS: routers,
    TEST_REPLICA_ROUNDS: rounds,
    TEST_REPLICA_SEED: seed,
    TEST_REPLICA_SENDING_MS: sendingMs,
    TEST_REPLICA_REQUIRED: '1',
    ...(json === undefined ? {} : { TEST_REPLICA_JSON: resolve(json) }),
  };
}

try {
  const jest = [
    join(root, 'node_modules/jest/bin/jest.js'),
    '--config',
    join(root, 'jest.config.cjs'),
    join(root, 'apps/coordinator/test/replicas.spec.ts'),
  ];
  const child = spawn(process.execPath, jest, { env: { ...process.env, ...settings() }, stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
  child.on('close', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  console.error(
    `${error.message}\nusage: npm run replica-test -- [--routers 300] [--rounds 3] [--seed TEXT] [--sending-ms 20000] [--kill-database] [--json FILE]`,
  );
  process.exitCode = 2;
}
