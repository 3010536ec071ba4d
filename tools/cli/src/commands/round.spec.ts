import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ClusterHash,
  operatorRequestMessage,
  type RoundNumber,
  roundStatusMessage,
  signedMessage,
} from '@secagg/schema';
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

describe('round status', () => {
  it('says of the latest round when the next one is due, and why it is put off; of a given one, nothing of that', async () => {
    const cluster = 'ab'.repeat(32) as ClusterHash;
    const put_off = { reason: 'all_withheld', detail: 'the last round had nothing', intervals: 1 };
    const server = createServer((request, response) => {
      if (request.url?.endsWith('/rounds/latest'))
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ cluster, round: 7, phase: 'published', next: { at_ms: 0, put_off } }));
      else
        response
          .writeHead(200, { 'content-type': 'application/cbor' })
          .end(roundStatusMessage.encode({ cluster, round: 7 as RoundNumber, phase: 'published', contributions: 3 }));
    });
    await listen(server);
    const status = (...options: string[]) =>
      json('round', 'status', `http://127.0.0.1:${portOf(server)}`, '--cluster', cluster, ...options);
    try {
      const about = { cluster, round: 7, phase: 'published', contributions: 3 };
      expect(await status()).toEqual({ ...about, next: { at: '1970-01-01T00:00:00.000Z', put_off } });
      expect(await status('--round', '7')).toEqual(about);
    } finally {
      await new Promise((closed) => server.close(closed));
    }
  });
});
