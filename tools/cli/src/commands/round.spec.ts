import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorRequestMessage, signedMessage } from '@secagg/schema';
import { listen, portOf } from '@secagg/testbed/ports';
import { json, secagg } from '../../test/support/secagg';

describe('round start', () => {
  it('says in the signed request whether a second open round is wanted, and passes on why there is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'secagg-cli-'));
    const inFolder = ['--dir', join(folder, 'fleet')];
    const { cluster } = (await json('fleet', 'init', 'trial', '--cluster', 'eu', ...inFolder)) as { cluster: string };
    await json('fleet', 'issue', 'alice', '--roles', 'operator', ...inFolder);
    const asked: unknown[] = [];
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { body } = signedMessage.decode(new Uint8Array(Buffer.concat(parts)));
        asked.push(operatorRequestMessage.decode(body));
        response
          .writeHead(409, { 'content-type': 'application/problem+json' })
          .end(
            JSON.stringify({ type: 'urn:secagg:problem:round_open', code: 'round_open', detail: 'round 7 is open' }),
          );
      });
    });
    await listen(server);
    const start = (...options: string[]) =>
      secagg(
        'round',
        'start',
        `http://127.0.0.1:${portOf(server)}`,
        '--cluster',
        cluster,
        '--operator',
        join(folder, 'fleet/parties/alice'),
        ...options,
      );
    try {
      expect(await start()).toMatchObject({ status: 1, err: 'secagg: round_open: round 7 is open' });
      await start('--force');
    } finally {
      await new Promise((closed) => server.close(closed));
      rmSync(folder, { recursive: true });
    }
    expect(asked[0]).not.toHaveProperty('force');
    expect(asked[1]).toMatchObject({ action: 'start-round', cluster, force: true });
  });
});
