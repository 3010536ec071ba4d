/** Proofs on the command line: what is proved, and what is refused with the reason. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decisionProofOf,
  evidenceOfTwo,
  inclusionProof,
  listOfTranscript,
  LocalFleet,
  receiptEvidence,
  receiveContribution,
  runCommittee,
  signDocument,
} from '@secagg/protocol';
import { decisionProofMessage, defaultFields, receiptMessage, type Signed } from '@secagg/schema';
import { listen } from '@secagg/testbed/ports';
import { runCli } from '../program';

const now = Date.UTC(2026, 0, 1);
const random = (length: number) => new Uint8Array(randomBytes(length));
const folder = mkdtempSync(join(tmpdir(), 'secagg-cli-proofs-'));
const at = (name: string) => join(folder, name);
let server: Server;
let url: string;
/** What was posted to the router-node. */
const posted: Buffer[] = [];

async function secagg(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const lines = { out: [] as string[], err: [] as string[] };
  const status = await runCli(args, { out: (text) => lines.out.push(text), err: (text) => lines.err.push(text) });
  return { status, out: lines.out.join('\n'), err: lines.err.join('\n') };
}

const fleet = new LocalFleet({
  routers: 4,
  committee: { size: 4, threshold: 2 },
  random,
  nowMs: now,
  cluster: { unsafe_no_noise: true },
  limits: { unsafeNoNoise: true },
});
const { coordinator, members, routers, cluster } = fleet;
const plan = {
  keys: ['m:a'],
  fields: defaultFields(),
  maxRequestsPerRouter: 10,
  minParticipantsPerGroup: 2,
  maxParticipants: 8,
  groups: 1,
  privacy: { unit: 'request' as const, rho: 'unsafe-none' as const, assumedColluders: 0, deltaInverse: 1_000_000 },
  sendDelayMs: 0,
  durationMs: 1000,
};

/** A round that these routers send to; the first receipt given for nothing when `drops`. */
function round(count: number, drops = false): { key: string; receipts: Signed[] } {
  const { key } = fleet.announce(plan, now);
  const receipts = routers.slice(0, count).map((router, i) => {
    const bytes = router.contribution(coordinator, key, new Float64Array(plan.fields.length), now);
    return drops && i === 0
      ? receiveContribution(coordinator.state, coordinator.context, key, bytes).reply
      : coordinator.contribute(key, bytes);
  });
  runCommittee(coordinator, members, now + 1000);
  return { key, receipts };
}

beforeAll(async () => {
  fleet.startEpoch(now);
  const dropped = round(4, true);
  const aborted = round(1);
  const transcript = coordinator.transcript(dropped.key);
  const list = listOfTranscript(transcript);
  const { id, secretKey } = coordinator.context.identity;
  const second = signDocument(
    receiptMessage,
    fleet.view.fleet,
    { ...receiptMessage.decode(dropped.receipts[1].body), header_hash: random(32) },
    secretKey,
  );
  const files: Record<string, Uint8Array | string> = {
    'twice.cbor': evidenceOfTwo(fleet.view, {
      kind: 'two-receipts',
      party: id,
      statements: [dropped.receipts[1], second],
    }) as Uint8Array,
    'authority.pub': `${Buffer.from(fleet.authority.publicKey).toString('hex')}\n`,
    'other.pub': `${'11'.repeat(32)}\n`,
    'ready.cbor': decisionProofMessage.encode(decisionProofOf(transcript)),
    'abort.cbor': decisionProofMessage.encode(decisionProofOf(coordinator.transcript(aborted.key))),
    'guilty.cbor': receiptEvidence(
      transcript,
      dropped.receipts[0],
      inclusionProof(list, routers[0].identity.id).standing,
    ),
    'innocent.cbor': receiptEvidence(
      transcript,
      dropped.receipts[1],
      inclusionProof(list, routers[1].identity.id).standing,
    ),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content);
  server = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => {
      // As behind a proxy that serves other things too.
      request.url = request.url?.replace(/^\/gw/, '');
      if (request.method === 'POST' && request.url === '/v1/decisions') {
        posted.push(Buffer.concat(body));
        return response.end(JSON.stringify({ cluster, round: 2, decision: 'abort', outcome: 'aborted' }));
      }
      if (request.url === `/v1/clusters/${cluster}/rounds/2/decision`) return response.end(files['abort.cbor']);
      if (request.url === `/v1/clusters/${cluster}/rounds/3/decision`) return response.end(files['ready.cbor']);
      if (request.url === '/v1/evidence/abc') return response.end(files['twice.cbor']);
      if (request.url === '/v1/evidence') {
        const entry = {
          id: 'abc',
          kind: 'two-receipts',
          party: id,
          serial: 1,
          at: '2026-01-01T00:00:00.000Z',
          excluded: true,
        };
        return response.end(JSON.stringify({ evidence: [entry] }));
      }
      if (request.url === '/v1/evidence/receipt-not-honoured/x/1') return response.end(files['guilty.cbor']);
      return response.writeHead(404, { 'content-type': 'application/problem+json' }).end(
        JSON.stringify({
          type: 'urn:secagg:problem:not_found',
          title: '',
          status: 404,
          code: 'not_found',
          detail: 'nothing',
        }),
      );
    });
  });
  url = await listen(server);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

describe('secagg decision', () => {
  const decision = (...args: string[]) => secagg('decision', ...args, '--authority', at('authority.pub'));

  it('says what was decided, and by whom', async () => {
    const ready = await decision(at('ready.cbor'));
    expect(ready).toMatchObject({ status: 0, err: '' });
    expect(ready.out).toMatch(
      new RegExp(
        `^VERIFIED round 1 of cluster ${cluster} \\(fleet local\\): to be opened, 3 contributions in 1 group\n  decided by  router-.*, of 4 members$`,
      ),
    );
    const abort = await decision(at('abort.cbor'), '--json', '--round', '2');
    expect(JSON.parse(abort.out)).toMatchObject({
      verified: true,
      fleet: 'local',
      cluster,
      round: 2,
      decision: 'abort',
      reason: 'insufficient_participants',
      committee: routers.map(({ identity }) => identity.id),
    });
  });

  it('gets it from a service, keeps it and shows it to a router-node', async () => {
    const carried = await decision(
      url,
      '--cluster',
      cluster,
      '--round',
      '2',
      '--out',
      at('kept.cbor'),
      '--send',
      url,
      '--json',
    );
    expect(JSON.parse(carried.out)).toMatchObject({ verified: true, round: 2, outcome: 'aborted' });
    expect(readFileSync(at('kept.cbor'))).toEqual(readFileSync(at('abort.cbor')));
    expect(posted).toEqual([readFileSync(at('abort.cbor'))]);
    for (const where of [
      `${url}/gw/v1/clusters/${cluster}/rounds/2/decision`,
      `${url}/gw/v1/clusters/${cluster}/rounds/2`,
    ])
      expect((await decision(where)).out).toContain('aborted, insufficient_participants');
    expect((await decision(`${url}/v1/clusters/${cluster}/rounds/2/decision`)).out).toContain(
      'aborted, insufficient_participants',
    );
  });

  it('shows and keeps nothing that it has not verified', async () => {
    const broken = readFileSync(at('abort.cbor'));
    broken[broken.length - 1] ^= 1;
    writeFileSync(at('broken.cbor'), broken);
    const sent = posted.length;
    for (const [args, problem] of [
      [[at('broken.cbor')], /^secagg: bad_signature: NOT VERIFIED: epoch_certificate: /],
      [[at('abort.cbor'), '--round', '1'], /^secagg: wrong_config: NOT VERIFIED: /],
      [[url, '--cluster', cluster, '--round', '3'], /^secagg: wrong_config: NOT VERIFIED: /],
      [[url, '--cluster', cluster, '--round', '4'], /^secagg: not_found: NOT VERIFIED: /],
      [[url, '--round', '4'], /--cluster/],
      [[at('guilty.cbor')], /^secagg: invalid: NOT VERIFIED: /],
    ] as const) {
      const { status, err } = await decision(...args, '--send', url, '--out', at('none.cbor'));
      expect(status).toBe(String(problem) === '/--cluster/' ? 2 : 1);
      expect(err).toMatch(problem);
    }
    expect(posted).toHaveLength(sent);
    expect(() => readFileSync(at('none.cbor'))).toThrow('ENOENT');
    const other = await secagg('decision', at('abort.cbor'), '--authority', at('other.pub'), '--json');
    expect([other.status, JSON.parse(other.out)]).toEqual([
      1,
      expect.objectContaining({ verified: false, code: 'bad_signature', part: 'authority_key' }),
    ]);
  });
});

describe('secagg evidence check', () => {
  const check = (...args: string[]) => secagg('evidence', 'check', ...args, '--authority', at('authority.pub'));

  it('names who is guilty, of what', async () => {
    const path = 'v1/evidence/receipt-not-honoured/x/1';
    for (const where of [at('guilty.cbor'), `${url}/${path}`, `${url}/gw/${path}`]) {
      const { status, out } = await check(where);
      expect(status).toBe(0);
      expect(out).toMatch(/^PROVED against coordinator: it acknowledged a contribution of router-0 to round 1 /);
    }
    expect(JSON.parse((await check(at('guilty.cbor'), '--json')).out)).toMatchObject({
      proved: true,
      kind: 'receipt-not-honoured',
      against: 'coordinator',
      router: 'router-0',
      how: 'absent',
      round: 1,
    });
  });

  it('names who has signed what twice', async () => {
    const { status, out } = await check(at('twice.cbor'));
    expect([status, out]).toEqual([
      0,
      expect.stringMatching(
        /^PROVED against coordinator \(certificate \d+\) gave receipts for two contributions of one router: two-receipts, round 1 of cluster /,
      ),
    ]);
    expect(JSON.parse((await check(at('twice.cbor'), '--json')).out)).toMatchObject({
      proved: true,
      kind: 'two-receipts',
      against: 'coordinator',
      public_key: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('lists what a coordinator keeps once all of it is checked', async () => {
    const listed = await secagg('evidence', 'list', url, '--authority', at('authority.pub'));
    expect([listed.status, listed.out]).toEqual([
      0,
      expect.stringMatching(/^abc .*coordinator .*two-receipts, round 1 .*\(excluded\)$/),
    ]);
    expect((await secagg('evidence', 'list', url, '--authority', at('other.pub'))).status).toBe(1);
  });

  it.each([
    [
      'a receipt that was honoured',
      'innocent.cbor',
      /^secagg: bad_proof: NOT PROVED: standing: the receipt of router-1 was honoured: it is in the decided set/,
    ],
    ['a message of another kind', 'ready.cbor', /^secagg: invalid: NOT PROVED: it is no evidence of a kind known here/],
    ['no message', 'authority.pub', /^secagg: malformed: NOT PROVED/],
    ['no file', 'nothing.cbor', /ENOENT/],
  ])('proves nothing by %s', async (_what, name, problem) => {
    const { status, err } = await check(at(name));
    expect(status).toBe(1);
    expect(err).toMatch(problem);
  });

  it('believes no other authority', async () => {
    const { status, out } = await secagg(
      'evidence',
      'check',
      at('guilty.cbor'),
      '--authority',
      at('other.pub'),
      '--json',
    );
    expect([status, JSON.parse(out)]).toEqual([1, expect.objectContaining({ proved: false, code: 'bad_signature' })]);
  });
});
