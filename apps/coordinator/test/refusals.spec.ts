/**
 * Every contribution that should not count, refused with its own code and counted, and the round is none the worse for
 * it.
 */
import { request as httpRequest } from 'node:http';
import { request } from 'undici';
import { generateIdentityKey } from '@secagg/crypto';
import { signDocument } from '@secagg/protocol';
import {
  type Bytes,
  contributionMessage,
  headerMessage,
  type OpenRound,
  type RoundConfig,
  roundConfigMessage,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(60_000);

const flip = (bytes: Bytes, at = 0): Bytes => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

describe('contributions that do not count', () => {
  const fleet = new TestFleet({ routers: 8, committee: { size: 4, threshold: 2 } });
  const expired = fleet.certify('router-expired', ['router'], Date.now() - 1);
  const operatorOnly = fleet.certify('not-a-router', ['operator']);
  const revoked = fleet.certify('router-revoked', ['router']);
  fleet.sign([fleet.lastSerial]);
  fleet.writeDocuments();
  const good = fleet.routers.slice(0, 3).map((identity) => new HttpRouter(fleet.view, identity));
  let running: Running;
  let open: OpenRound;
  let bodies: Bytes[];

  beforeAll(async () => {
    running = await Running.start(fleet);
    running.startCommittee(4);
    await running.epochInForce();
    const { client } = running;
    open = await client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, {
        action: 'start-round',
        cluster: fleet.cluster,
        overrides: { duration_ms: 8000 },
      }),
    );
    bodies = good.map((router) => router.build(open, 5));
    for (const [i, router] of good.entries()) await router.send(client, open, bodies[i]);
  });
  afterAll(() => running.stop());

  const codeOf = async (bytes: Bytes, round = 1): Promise<string> => {
    try {
      await running.client.contribute(fleet.cluster, round, bytes, { attempts: 1 });
    } catch (error) {
      if (error instanceof SecaggError) return error.code;
      throw error;
    }
    return 'accepted';
  };

  /** A fresh contribution of another router, with its parts or its header replaced before it is signed again. */
  const altered = (
    change: (parts: ReturnType<typeof contributionMessage.decode>) => void,
    header: object = {},
    identity = fleet.routers[4],
  ): Bytes => {
    const router = new HttpRouter(fleet.view, fleet.routers[4]);
    const parts = contributionMessage.decode(router.build(open, 5));
    parts.header = signDocument(
      headerMessage,
      fleet.authority.fleet,
      { ...headerMessage.decode(parts.header.body), router: identity.id, ...header },
      identity.secretKey,
    );
    change(parts);
    return contributionMessage.encode(parts);
  };
  const nothing = () => undefined;

  it.each<[string, () => Bytes, string, number?]>([
    ['no CBOR', () => new Uint8Array([0xff, 1, 2]), 'malformed'],
    ['nothing', () => new Uint8Array(0), 'malformed'],
    ['a truncated body', () => bodies[0].slice(0, -1), 'malformed'],
    ['a body with a byte too many', () => new Uint8Array([...bodies[0], 0]), 'malformed'],
    [
      'another encoding of the same content',
      () => new Uint8Array([0xb8, bodies[0][0] & 0x1f, ...bodies[0].slice(1)]),
      'not_canonical',
    ],
    [
      'an altered ciphertext',
      () =>
        altered((parts) => {
          parts.ciphertext = flip(parts.ciphertext);
        }),
      'wrong_digest',
    ],
    [
      'a short ciphertext',
      () =>
        altered((parts) => {
          parts.ciphertext = parts.ciphertext.slice(1);
        }),
      'malformed',
    ],
    [
      'an altered commitment',
      () =>
        altered((parts) => {
          parts.commitments = flip(parts.commitments);
        }),
      'wrong_digest',
    ],
    [
      'a missing commitment',
      () =>
        altered((parts) => {
          parts.commitments = parts.commitments.slice(32);
        }),
      'malformed',
    ],
    [
      'an altered box',
      () =>
        altered((parts) => {
          parts.boxes[2] = { ...parts.boxes[2], ciphertext: flip(parts.boxes[2].ciphertext) };
        }),
      'wrong_digest',
    ],
    [
      'an altered encapsulation',
      () =>
        altered((parts) => {
          parts.boxes[1] = { ...parts.boxes[1], encapsulation: flip(parts.boxes[1].encapsulation) };
        }),
      'wrong_digest',
    ],
    [
      'a missing box',
      () =>
        altered((parts) => {
          parts.boxes.pop();
        }),
      'malformed',
    ],
    [
      'an altered header',
      () =>
        altered((parts) => {
          parts.header = { ...parts.header, body: flip(parts.header.body, parts.header.body.length - 1) };
        }),
      'bad_signature',
    ],
    [
      'an altered signature',
      () =>
        altered((parts) => {
          parts.header = { ...parts.header, signature: flip(parts.header.signature) };
        }),
      'bad_signature',
    ],
    ['a router signing for another', () => altered(nothing, { router: fleet.routers[5].id }), 'bad_signature'],
    [
      'an unknown router',
      () =>
        altered(nothing, {}, { id: 'stranger' as typeof expired.id, secretKey: generateIdentityKey(random).secretKey }),
      'unknown_party',
    ],
    ['an expired certificate', () => altered(nothing, {}, expired), 'expired'],
    ['a revoked certificate', () => altered(nothing, {}, revoked), 'revoked'],
    ['a certificate of another role', () => altered(nothing, {}, operatorOnly), 'wrong_role'],
    ['another round', () => altered(nothing, { round: 2 }), 'stale_round'],
    ['another configuration', () => altered(nothing, { config_hash: new Uint8Array(32) }), 'wrong_config'],
    ['another epoch', () => altered(nothing, { epoch_hash: new Uint8Array(32) }), 'wrong_epoch'],
    ['another group', () => altered(nothing, { group: 1 }), 'wrong_group'],
    ['another contribution of a router that has one', () => altered(nothing, {}, fleet.routers[0]), 'duplicate'],
    ['a round that never was', () => bodies[0], 'no_round', 99],
  ])('refuses %s', async (_name, make, code, round = 1) => {
    expect(await codeOf(make(), round)).toBe(code);
  });

  /** Sends megabytes until it is answered, as a peer would that does not know the limit. */
  const flood = (headers: Record<string, string>): Promise<{ status: number; sent: number; body: string }> =>
    new Promise((resolve, reject) => {
      const sending = httpRequest(`${running.origin}/v1/clusters/${fleet.cluster}/rounds/1/contributions`, {
        method: 'POST',
        headers,
        agent: false,
      });
      let sent = 0;
      const timer = setInterval(() => {
        sent += 4096;
        sending.write(Buffer.alloc(4096));
      }, 5);
      const end = (act: () => void) => {
        clearInterval(timer);
        act();
        sending.destroy();
      };
      sending.on('error', (error) => end(() => reject(error)));
      sending.on('response', (reply) => {
        let body = '';
        reply.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        reply.on('end', () => end(() => resolve({ status: reply.statusCode ?? 0, sent, body })));
      });
    });

  it('refuses what announces to be too large without reading it', async () => {
    const { status, body } = await flood({ 'content-length': String(16 * 1024 * 1024) });
    expect(status).toBe(413);
    expect(JSON.parse(body)).toMatchObject({ type: 'urn:secagg:problem:too_large', status: 413, code: 'too_large' });
  });

  it('cuts off a body of unknown length at the limit', async () => {
    const { status, sent } = await flood({ 'transfer-encoding': 'chunked' });
    expect(status).toBe(413);
    expect(sent).toBeLessThan(1024 * 1024);
  });

  it('gives the same receipt for the identical bytes, also at once', async () => {
    const url = `${running.origin}/v1/clusters/${fleet.cluster}/rounds/1/contributions`;
    const router = new HttpRouter(fleet.view, fleet.routers[6]);
    const bytes = router.build(open, 5);
    const replies = await Promise.all([1, 2, 3].map(() => request(url, { method: 'POST', body: bytes })));
    const receipts = await Promise.all(
      replies.map(async (reply) => Buffer.from(await reply.body.arrayBuffer()).toString('hex')),
    );
    expect(replies.map((reply) => reply.statusCode).sort()).toEqual([200, 200, 201]);
    expect(new Set(receipts).size).toBe(1);
  });

  it('counts every refusal by its reason, and completes the round with those that count', async () => {
    expect((await running.client.roundStatus(fleet.cluster, 1, { waitMs: 20_000 }))?.phase).toBe('published');
    expect((await running.client.signal(fleet.cluster))?.signal).toMatchObject({
      participant_count: 4,
      reward_signals: { 'm1:t1': { total_samples: 20 } },
    });
    const text = await (await request(`${running.origin}/metrics`)).body.text();
    const count = (name: string) => Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\d+)`, 'm').exec(text)?.[1]);
    expect(count('secure_agg_failures_total{reason="unauthorized"}')).toBe(5);
    expect(count('secure_agg_failures_total{reason="expired"}')).toBe(1);
    expect(count('secure_agg_failures_total{reason="revoked"}')).toBe(1);
    expect(count('secure_agg_failures_total{reason="duplicate"}')).toBe(1);
    expect(count('secure_agg_failures_total{reason="validation_error"}')).toBe(16);
    expect(count('secure_agg_failures_total{reason="stale_round"}')).toBe(3);
    expect(count('federation_failed_authentications')).toBe(7);
    expect(count('federation_malformed_messages')).toBe(10);
    expect(count(`federated_reward_batches_total{cluster="${fleet.cluster}"}`)).toBe(4);
    expect(count(`federated_rounds_completed{cluster="${fleet.cluster}"}`)).toBe(1);
    expect(count(`secure_agg_participants{cluster="${fleet.cluster}"}`)).toBe(4);
    expect(text).not.toMatch(/router-\d/);
  });

  it('says that a finished round is over, and keeps giving receipts for what it holds', async () => {
    expect(await codeOf(altered(nothing))).toBe('stale_round');
    await good[0].send(running.client, open, bodies[0]);
  });

  it('takes back no announcement but its own, and nothing follows from one that it knows', async () => {
    const { client } = running;
    const config = roundConfigMessage.decode(open.announcement.body);
    const later = { ...config, round: 1000 as RoundConfig['round'] };
    const told = async (announcement: Signed) => {
      try {
        await client.remind(announcement, { attempts: 1 });
      } catch (error) {
        return (error as SecaggError).code;
      }
      return 'noted';
    };
    const { secretKey } = fleet.routers[0];
    expect(await told(signDocument(roundConfigMessage, config.fleet, later, secretKey))).toBe('bad_signature');
    expect(await told({ ...open.announcement, body: roundConfigMessage.encode(later) })).toBe('bad_signature');
    expect(await told({ body: new Uint8Array(9), signature: new Uint8Array(64) })).toBe('bad_signature');
    expect(await told(open.announcement)).toBe('noted');
    expect((await client.latestRound(fleet.cluster))?.phase).toBe('published');
    const text = await (await request(`${running.origin}/metrics`)).body.text();
    expect(text).toContain('federation_failed_authentications 10\n');
  });
});
