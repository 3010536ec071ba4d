import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenOnSocket } from './listen';

let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-socket-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  rmSync(folder, { recursive: true });
});
const listen = (path: string) => {
  const server = createServer((_request, response) => response.end('here'));
  servers.push(server);
  return listenOnSocket(server, path, 10);
};
const leaveBehind = (path: string): void => {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'ignore' })).toThrow();
};

it('makes a socket that others may not use, whatever the umask is, and leaves the umask alone', async () => {
  const path = join(folder, 'a.sock');
  const before = process.umask(0);
  try {
    await listen(path);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(process.umask()).toBe(0);
  } finally {
    process.umask(before);
  }
});

it('replaces the socket of a process that was killed', async () => {
  const path = join(folder, 'a.sock');
  leaveBehind(path);
  expect(statSync(path).isSocket()).toBe(true);
  expect(await listen(path)).toEqual({ socket: path });
});

it('leaves a socket alone that somebody listens on', async () => {
  const path = join(folder, 'a.sock');
  await listen(path);
  await expect(listen(path)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  servers.pop();
});

it('leaves a file of another kind alone', async () => {
  const path = join(folder, 'coordinator.db');
  writeFileSync(path, 'not to be lost');
  await expect(listen(path)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  servers.pop();
  expect(readFileSync(path, 'utf8')).toBe('not to be lost');
});
