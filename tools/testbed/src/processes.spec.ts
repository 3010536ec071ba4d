import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProcessSpec, ServiceProcess } from './processes';
import { until } from './wait';

const folder = mkdtempSync(join(tmpdir(), 'secagg-testbed-'));
const script = join(folder, 'service.cjs');
writeFileSync(
  script,
  `console.error('starting as ' + process.env.WHO);
   if (process.env.WHO === 'nobody') process.exit(3);
   console.log(JSON.stringify({ msg: 'listening', port: 4711 }));
   process.on('SIGTERM', () => process.env.WHO === 'deaf' || process.exit(0));
   setInterval(() => undefined, 1000);`,
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (who: string, more: Partial<ProcessSpec> = {}) =>
  new ServiceProcess({ name: 'service', script, environment: { WHO: who }, ...more });

it('says where it listens, and ends in good order', async () => {
  const heard: string[] = [];
  const service = start('alice', { onLine: (line) => heard.push(line) });
  expect(await service.url).toBe('http://127.0.0.1:4711');
  expect(service.isRunning).toBe(true);
  await until(() => heard.length === 2);
  expect(heard).toContain('starting as alice');
  expect(await service.stop()).toEqual({ code: 0, signal: null });
  expect(service.isRunning).toBe(false);
});

it('rejects with its last words when it ends instead', async () => {
  const service = start('nobody');
  await expect(service.url).rejects.toThrow('service did not start:\nstarting as nobody');
  expect(await service.ended).toEqual({ code: 3, signal: null });
  expect(await service.stop()).toEqual({ code: 3, signal: null });
});

it('is killed when asked to, or when it does not stop', async () => {
  const killed = start('alice');
  await killed.url;
  expect(await killed.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  const deaf = start('deaf');
  await deaf.url;
  expect(await deaf.stop(50)).toEqual({ code: null, signal: 'SIGKILL' });
});

it('writes into a file that starts of it share', async () => {
  const logFile = join(folder, 'service.log');
  for (const who of ['alice', 'bob']) {
    const service = start(who, { logFile });
    expect(await service.url).toBe('http://127.0.0.1:4711');
    expect(service.lastWords()).toMatch(new RegExp(`^starting as ${who}\n`));
    await service.kill();
  }
  expect(readFileSync(logFile, 'utf8')).toContain('alice');
});

it('runs as another command, in another folder', async () => {
  const service = start('alice', {
    wrap: (command) => ['env', 'WHO=carol', ...command],
    cwd: folder,
    fileBlocks: 1000,
  });
  await service.url;
  await until(() => service.lastWords().includes('carol'));
  await service.kill();
});
