/** What a router does beyond the plain round: its budget, a coordinator that cheats, newer fleet documents. */
import { headerHash, signDocument } from '@secagg/protocol';
import {
  contributionMessage,
  headerMessage,
  type RewardObservation,
  receiptMessage,
  roundConfigMessage,
  signedMessage,
  transcriptMessage,
} from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { request } from 'undici';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet, type TestFleetOptions } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(60_000);

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
let nodes: NodeProcess[] = [];

const row: RewardObservation = { model: 'm1', task: 't1', success: true, latency_s: 1 };

/** Two routers, the first of them the whole committee; the second is what is tested. */
async function begin(
  settings: Record<string, string> = {},
  cluster: TestFleetOptions['cluster'] = {},
): Promise<NodeProcess> {
  fleet = new TestFleet({ routers: 2, committee: { size: 1, threshold: 1 }, minParticipants: 1, cluster });
  coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  nodes = [
    await NodeProcess.start(
      fleet.environment('router-0', coordinator.port, { SECAGG_BUDGET_RHO: '100', SECAGG_MAX_ROUND_RHO: '10' }),
    ),
    await NodeProcess.start(fleet.environment('router-1', coordinator.port, settings)),
  ];
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
  return nodes[1];
}

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  await coordinator.close();
  fleet.remove();
});

const participation = async (node: NodeProcess) => (await node.client.status()).participations[0];
const ended = (key: string) => eventually('publication', () => coordinator.round(key).phase === 'published');
const noisy = {
  privacy: { unit: 'request' as const, rho: 0.05, deltaInverse: 1_000_000 },
  minParticipantsPerGroup: 1,
  durationMs: 3000,
};
const plain = { minParticipantsPerGroup: 1, durationMs: 3000 };

it('charges its ledger, and sits out what does not fit, with the verified result all the same', async () => {
  const node = await begin({ SECAGG_UNSAFE_NO_NOISE: 'false', SECAGG_BUDGET_RHO: '0.06' });
  await node.client.postObservations([row, row]);
  await ended(coordinator.startRound(noisy));
  await eventually('settlement', async () => (await participation(node))?.state === 'included');
  const { privacy } = await node.client.status();
  expect(privacy).toMatchObject({
    budget_rho: expect.closeTo(0.06, 9) as number,
    window_days: 30,
    requests_per_requester: null,
  });
  const published = await node.client.signal();
  expect(published?.privacy.ledger).toEqual(privacy);
  expect(published?.signal.privacy_budget_used).toBe(published?.privacy.epsilon);
  expect(published?.privacy.rho).toBe(privacy?.spent_rho);
  expect(privacy).toMatchObject({ protects: 'window', request_rho: privacy?.spent_rho });
  // Two contributed where one was counted on: half the worst case stays charged.
  expect(privacy?.spent_rho).toBeGreaterThan(0.02);
  expect(privacy?.spent_rho).toBeLessThan(0.026);
  expect(privacy?.open_rho).toBe(0);
  const { body } = await request(`http://127.0.0.1:${node.port}/metrics`);
  expect(
    Number(/^secure_agg_privacy_budget_spent_epsilon\{cluster="[0-9a-f]+"\} (.*)$/m.exec(await body.text())?.[1]),
  ).toBeCloseTo(privacy?.spent_epsilon as number, 9);

  await node.client.postObservations([row]);
  await ended(coordinator.startRound(noisy));
  await eventually(
    'the result of the second round',
    async () => (await node.client.signal())?.signal.aggregation_round === 2,
  );
  const status = await node.client.status();
  expect(status.last_refusal).toMatchObject({ round: 2, code: 'budget_exhausted' });
  expect(status.observations).toEqual({ waiting: 1, taken: 0 });
  expect(status.participations).toHaveLength(1);
});

it('goes on beyond its budget for a window where policy and router hold it to single requests, and shows both figures', async () => {
  const node = await begin(
    { SECAGG_UNSAFE_NO_NOISE: 'false', SECAGG_BUDGET_RHO: '0.06', SECAGG_BUDGET_PROTECTS: 'event' },
    { privacy_units: ['request'], budget_protects: 'event' },
  );
  for (let round = 1; round <= 3; round++) {
    await node.client.postObservations([row, row]);
    await ended(coordinator.startRound(noisy));
    await eventually('settlement', async () => (await participation(node))?.state === 'included');
    await eventually('this round', async () => (await participation(node))?.round === round);
  }
  const { privacy, observations } = await node.client.status();
  expect(observations).toEqual({ waiting: 0, taken: 0 });
  expect(privacy).toMatchObject({ protects: 'event', budget_rho: expect.closeTo(0.06, 9) as number, open_rho: 0 });
  expect(privacy?.protected).toContain('Any single request');
  expect((privacy?.spent_rho as number) / (privacy?.request_rho as number)).toBeCloseTo(3, 6);
  expect(privacy?.spent_rho).toBeGreaterThan(0.06);
  expect(privacy?.remaining_rho).toBe(privacy?.budget_rho);
  expect((await node.client.signal())?.privacy.ledger).toEqual(privacy);
  expect(await node.client.budgetHistory()).toMatchObject({ protects: 'event', protected: privacy?.protected });
  const metrics = await (await request(`http://127.0.0.1:${node.port}/metrics`)).body.text();
  expect(metrics).toMatch(/^secure_agg_privacy_protects\{cluster="[0-9a-f]+",protection="event"\} 1$/m);
});

it('joins no round without noise unless told to', async () => {
  const node = await begin({ SECAGG_UNSAFE_NO_NOISE: 'false' });
  await ended(coordinator.startRound(plain));
  await eventually('the refusal', async () => (await node.client.status()).last_refusal?.code === 'policy');
  expect((await node.client.status()).participations).toEqual([]);
});

it('settles nothing on a transcript that does not verify', async () => {
  const node = await begin();
  await node.client.postObservations([row]);
  let forged = 0;
  coordinator.intercept = (incoming, response) => {
    if (!incoming.url?.endsWith('/transcript')) return false;
    const transcript = coordinator.local.transcript(key);
    transcript.sums[0].words[0] ^= 1;
    forged += 1;
    response.writeHead(200).end(transcriptMessage.encode(transcript));
    return true;
  };
  const key = coordinator.startRound(plain);
  await ended(key);
  await eventually('attempts', () => forged >= 4);
  expect(await participation(node)).toMatchObject({ state: 'sent', observations: 1 });
  expect(await node.client.signal()).toBeUndefined();
  coordinator.intercept = () => false;
  await eventually('settlement', async () => (await participation(node))?.state === 'included');
});

it('keeps the signed receipt of a contribution that the published round lacks, and its observations', async () => {
  const node = await begin();
  await node.client.postObservations([row]);
  coordinator.intercept = (incoming, response) => {
    if (!incoming.url?.endsWith('/contributions')) return false;
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const { header } = contributionMessage.decode(bytes);
      const { router } = headerMessage.decode(header.body);
      const { verified: round } = coordinator.round(key);
      const receipt =
        router === 'router-1'
          ? signDocument(
              receiptMessage,
              fleet.authority.fleet,
              {
                v: 1,
                fleet: fleet.authority.fleet,
                cluster: round.config.cluster,
                round: round.config.round,
                config_hash: round.configHash,
                router,
                coordinator: fleet.coordinator.id,
                header_hash: headerHash(header),
              },
              fleet.coordinator.secretKey,
            )
          : coordinator.local.contribute(key, bytes);
      response.writeHead(201).end(signedMessage.encode(receipt));
    });
    return true;
  };
  const key = coordinator.startRound(plain);
  await eventually('the receipt', async () => (await participation(node))?.state === 'sent');
  await ended(key);
  await eventually('settlement', async () => (await participation(node))?.state === 'left_out');
  const status = await node.client.status();
  expect(status.receipts_not_honoured.map(({ round }) => round)).toEqual([key]);
  expect(
    receiptMessage.decode(signedMessage.decode(Buffer.from(status.receipts_not_honoured[0].receipt, 'base64')).body)
      .router,
  ).toBe('router-1');
  expect(status.observations).toEqual({ waiting: 1, taken: 0 });
});

it('learns the result of a round that was under way, and closed to it, when it started', async () => {
  const node = await begin({ SECAGG_POLL_WAIT_MS: '500' });
  await node.stop('SIGKILL');
  let votes = 0;
  coordinator.intercept = (incoming, response) => {
    // The committee cannot decide yet.
    if (!incoming.url?.endsWith('/votes') || nodes.length === 3) return false;
    votes += 1;
    response.writeHead(503).end();
    return true;
  };
  const key = coordinator.startRound(plain);
  await eventually('a vote', () => votes > 0);
  const again = await NodeProcess.start(
    fleet.environment('router-1', coordinator.port, { SECAGG_POLL_WAIT_MS: '500' }),
  );
  await eventually('contact', async () => (await again.client.status()).coordinator.reachable);
  expect(coordinator.round(key).phase).toBe('voting');
  nodes.push(again);
  await ended(key);
  await eventually('the result', async () => (await again.client.signal())?.signal.aggregation_round === 1);
  expect((await again.client.status()).participations).toEqual([]);
});

it('learns the result of a round that came and closed while the coordinator was out of its reach', async () => {
  const node = await begin({ SECAGG_POLL_WAIT_MS: '500' });
  let isAway = true;
  coordinator.intercept = (incoming, response) => {
    const url = new URL(incoming.url ?? '', 'http://localhost');
    if (!isAway || url.searchParams.get('router') !== 'router-1') return false;
    response.destroy();
    return true;
  };
  await eventually(
    'the loss of contact',
    async () => (await node.client.status()).coordinator.last_problem?.startsWith('unavailable') === true,
  );
  const key = coordinator.startRound(plain);
  await ended(key);
  isAway = false;
  await eventually('the result', async () => (await node.client.signal())?.signal.aggregation_round === 1);
  expect((await node.client.status()).participations).toEqual([]);
});

it('settles a round in the end, however long the coordinator cannot give out its transcript', async () => {
  const node = await begin({ SECAGG_RETRY_MAX_MS: '20' });
  await node.client.postObservations([row]);
  let failed = 0;
  coordinator.intercept = (incoming, response) => {
    // More often than both routers would ask for a transcript that does not verify.
    if (!incoming.url?.endsWith('/transcript') || failed === 140) return false;
    failed += 1;
    response.writeHead(503).end();
    return true;
  };
  await ended(coordinator.startRound(plain));
  await eventually('settlement', async () => (await participation(node))?.state === 'included', 50_000);
  expect(failed).toBe(140);
});

it('learns newer fleet documents from an announcement made under them', async () => {
  const node = await begin();
  const documents = fleet.sign();
  coordinator.local.commit({ events: [{ type: 'fleet-updated', documents }], reply: undefined });
  // The committee's epoch was made under the older ones and may go on.
  const key = coordinator.startRound(plain);
  expect(roundConfigMessage.decode(coordinator.round(key).verified.announcement.body).policy_version).toBe(2);
  await eventually('both contributions', () => coordinator.round(key).accepted.size === 2);
  await eventually('settlement', async () => (await participation(node))?.state === 'included');
});

it('takes no part while the roster has revoked it, and says why', async () => {
  const node = await begin({ SECAGG_POLL_WAIT_MS: '500' });
  // What it reads when it starts is still the roster of before.
  let polls = 0;
  coordinator.intercept = ({ url = '' }) => {
    if (url.includes('/rounds/open') && url.includes('router=router-1')) polls += 1;
    return false;
  };
  await eventually('a second poll', () => polls > 1);
  // Serials are issued in order: the coordinator's is 1, the routers' follow.
  const documents = fleet.sign([3]);
  coordinator.local.commit({ events: [{ type: 'fleet-updated', documents }], reply: undefined });
  const key = coordinator.startRound(plain);
  await ended(key);
  expect(coordinator.round(key).accepted.size).toBe(1);
  await eventually('the refusal', async () => (await node.client.status()).last_refusal?.code === 'revoked');
  await eventually('the reason in the log', () => node.log.some((line) => line.msg === 'not taking part in rounds'));
});

it('stops when told to, in the middle of everything', async () => {
  const node = await begin();
  coordinator.startRound({ ...plain, sendDelayMs: 2000 });
  await eventually('joining', async () => (await participation(node))?.state === 'prepared');
  await node.stop('SIGTERM');
  expect(node.exit).toEqual({ code: 0, signal: null });
});

it('completes a round that was in flight when newer fleet documents came, also over a restart of the member', async () => {
  const node = await begin();
  await node.client.postObservations([row]);
  const key = coordinator.startRound({ ...plain, durationMs: 4000, maxParticipants: 3 });
  await eventually('joining', () => coordinator.round(key).accepted.size === 2);
  const documents = fleet.sign();
  coordinator.local.commit({ events: [{ type: 'fleet-updated', documents }], reply: undefined });
  // The member takes the newer documents for its seat in the new epoch.
  coordinator.startEpoch();
  await eventually('the new epoch', () => coordinator.local.state.epoch?.body.epoch === 2);
  await nodes[0].stop('SIGKILL');
  nodes[0] = await NodeProcess.start(fleet.environment('router-0', coordinator.port));
  await ended(key);
  await eventually('settlement', async () => (await participation(node))?.state === 'included');
});

describe('a router in quarantine', () => {
  const refusedThere = (): number => coordinator.refused.filter(({ code }) => code === 'quarantined').length;
  const joined = async (node: NodeProcess): Promise<number[]> =>
    (await node.client.status()).participations.map(({ round }) => round);
  const refusedHere = (node: NodeProcess, round: number) =>
    eventually(`the refusal of round ${round}`, async () => {
      const { last_refusal: refusal } = await node.client.status();
      return refusal?.round === round && refusal.code === 'quarantined';
    });

  it('keeps its observations and its budget through the rounds it is refused, also over a restart, and contributes after the last', async () => {
    const settings = { SECAGG_UNSAFE_NO_NOISE: 'false', SECAGG_BUDGET_RHO: '0.06' };
    let node = await begin(settings, { quarantine_rounds: 3 });
    let untilRound: number | undefined = 3;
    Object.assign(coordinator.local.context, {
      quarantinedUntil: (_cluster: string, router: string) => (router === 'router-1' ? untilRound : undefined),
    });
    await node.client.postObservations([row, row]);
    expect((await node.client.status()).quarantine).toBeNull();

    // It learns of it by the refusal of a contribution, whose charge waits for the outcome of the round.
    const first = coordinator.startRound(noisy);
    await eventually('the refusal', async () => (await node.client.status()).quarantine?.until_round === 3);
    expect(refusedThere()).toBe(1);
    expect((await node.client.status()).observations).toEqual({ waiting: 0, taken: 2 });
    expect((await node.client.status()).privacy?.open_rho).toBeGreaterThan(0);
    await ended(first);
    await eventually('settlement', async () => (await participation(node))?.state === 'left_out');
    expect(await node.client.status()).toMatchObject({
      observations: { waiting: 2, taken: 0 },
      privacy: { spent_rho: 0, open_rho: 0 },
      quarantine: { until_round: 3 },
    });

    // The next ones are not even prepared: nothing is charged, taken or sent.
    const second = coordinator.startRound(noisy);
    await refusedHere(node, 2);
    expect(await node.client.status()).toMatchObject({
      observations: { waiting: 2, taken: 0 },
      privacy: { spent_rho: 0, open_rho: 0 },
    });
    await ended(second);
    await eventually(
      'the result of the second round',
      async () => (await node.client.signal())?.signal.aggregation_round === 2,
    );
    await node.stop('SIGKILL');
    node = nodes[1] = await NodeProcess.start(fleet.environment('router-1', coordinator.port, settings));
    expect((await node.client.status()).quarantine).toEqual({ until_round: 3 });
    const third = coordinator.startRound(noisy);
    await refusedHere(node, 3);
    await ended(third);
    expect(await joined(node)).toEqual([1]);
    expect(refusedThere()).toBe(1);
    expect((await node.client.status()).privacy).toMatchObject({ spent_rho: 0, open_rho: 0 });

    untilRound = undefined;
    const fourth = coordinator.startRound(noisy);
    await ended(fourth);
    await eventually('settlement', async () => (await participation(node))?.state === 'included');
    expect(await joined(node)).toEqual([4, 1]);
    expect(await node.client.status()).toMatchObject({
      observations: { waiting: 0, taken: 0 },
      quarantine: null,
      last_refusal: null,
    });
  });

  it('does not stay away for a coordinator that says so without a policy', async () => {
    const node = await begin();
    let untilRound: number | undefined = Number.MAX_SAFE_INTEGER;
    Object.assign(coordinator.local.context, {
      quarantinedUntil: (_cluster: string, router: string) => (router === 'router-1' ? untilRound : undefined),
    });
    await node.client.postObservations([row]);
    const first = coordinator.startRound(plain);
    await ended(first);
    await eventually('settlement', async () => (await participation(node))?.state === 'left_out');
    expect((await node.client.status()).quarantine).toBeNull();
    untilRound = undefined;
    await ended(coordinator.startRound(plain));
    await eventually('the second round', async () => (await joined(node)).includes(2));
    await eventually('settlement', async () => (await participation(node))?.state === 'included');
  });
});
