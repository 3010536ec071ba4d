import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from './program';

let folder: string;
let server: Server;
const seen: (string | undefined)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-cli-token-'));
  writeFileSync(join(folder, 'token'), 'correct-horse-battery\n', { mode: 0o600 });
  seen.length = 0;
  server = createServer((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization}`);
    response.setHeader('content-type', 'application/json').end('{"entries":[],"next_before":null}');
  });
  await new Promise<void>((resolve) => server.listen(join(folder, 'node.sock'), resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});
const secagg = async (...args: string[]) => {
  const lines: string[] = [];
  const status = await runCli(args, { out: (text) => lines.push(text), err: (text) => lines.push(text) });
  return { status, text: lines.join('\n') };
};
const history = (...args: string[]) => secagg('budget', 'history', `unix:${join(folder, 'node.sock')}`, ...args);

it('asks a router-node on its Unix socket, with the token of a file', async () => {
  expect(await history('--token-file', join(folder, 'token'))).toMatchObject({ status: 0 });
  expect(seen).toEqual(['/v1/budget/history?limit=100 Bearer correct-horse-battery']);
});

it('takes no token from a file that others may read, and sends none that it was not given', async () => {
  chmodSync(join(folder, 'token'), 0o644);
  const refused = await history('--token-file', join(folder, 'token'));
  expect(refused.status).not.toBe(0);
  expect(refused.text).not.toContain('correct-horse');
  expect(seen).toEqual([]);
  expect(await history()).toMatchObject({ status: 0 });
  expect(seen).toEqual(['/v1/budget/history?limit=100 undefined']);
});

it('gives documents to a node that asks for a token, and shows the token to nobody beside it', async () => {
  const [node, token] = [`unix:${join(folder, 'node.sock')}`, join(folder, 'token')];
  const fleet = ['--dir', join(folder, 'fleet')];
  await secagg('fleet', 'init', 'trial', '--cluster', 'eu', ...fleet);
  await secagg('fleet', 'roster', ...fleet);
  expect(await secagg('fleet', 'publish', node, '--token-file', token, ...fleet)).toMatchObject({ status: 0 });
  expect(seen).toEqual(['/v1/fleet', '/v1/freshness'].map((path) => `${path} Bearer correct-horse-battery`));
  seen.length = 0;
  const both = await secagg('fleet', 'publish', node, 'http://127.0.0.1:9', '--token-file', token, ...fleet);
  expect(both).toMatchObject({ status: 2, text: expect.stringContaining('one URL') as string });
  expect(seen).toEqual([]);
});
