import { createServer } from 'node:net';
import { listening } from './listening';

const on = (host: string, port: number) => {
  const server = createServer();
  return listening(
    { host, port },
    () =>
      new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port }, () => server.close(() => resolve()));
      }),
  );
};
const code = (name: string) => () => Promise.reject(Object.assign(new Error(`listen ${name}`), { code: name }));

describe('listening', () => {
  it('works, or says which setting keeps it from that', async () => {
    await on('127.0.0.1', 0);
    await expect(on('192.0.2.1', 0)).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringMatching(/^host \(SECAGG_HOST\): /) as unknown,
    });
  });

  it.each([
    ['EADDRINUSE', 69, 'port (SECAGG_PORT): cannot listen on h, port 80'],
    ['EACCES', 77, 'port (SECAGG_PORT): cannot listen on h, port 80'],
    ['EAI_AGAIN', 75, 'host (SECAGG_HOST): h cannot be looked up now'],
    ['ENOTFOUND', 78, 'host (SECAGG_HOST): there is no address h'],
    ['EINVAL', 78, 'host (SECAGG_HOST): there is no address h'],
  ])('%s ends with %i', async (name, exitCode, message) => {
    await expect(listening({ host: 'h', port: 80 }, code(name))).rejects.toMatchObject({
      exitCode,
      message: expect.stringContaining(message) as unknown,
    });
  });

  it.each([
    ['EADDRINUSE', 69],
    ['EACCES', 77],
    ['ENOENT', 78],
    ['EINVAL', 78],
  ])('%s on a Unix socket is told by its setting, and ends with %i', async (name, exitCode) => {
    const socket = { host: 'h', port: 80, socketPath: '/run/s' };
    await expect(listening(socket, code(name))).rejects.toMatchObject({
      exitCode,
      message: expect.stringMatching(/^socketPath \(SECAGG_SOCKET_PATH\): cannot listen on \/run\/s: /) as unknown,
    });
  });

  it('leaves what it does not know as it is', async () => {
    await expect(listening({ host: 'h', port: 80 }, code('EWHATEVER'))).rejects.not.toHaveProperty('exitCode');
  });
});
