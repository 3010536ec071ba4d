/**
 * A coordinator that forgets what it acknowledged, or hides what was decided, from routers that can prove it or are
 * shown it by others.
 */
import { createServer, request as forward, type Server } from 'node:http';
import { headerHash, signDocument, verifyDecisionProof, verifyReceiptEvidence } from '@secagg/protocol';
import {
  type ClusterHash,
  contributionMessage,
  decisionProofMessage,
  headerMessage,
  inclusionProofMessage,
  problems,
  receiptMessage,
  type RewardObservation,
  type RoundNumber,
  type RoundPhase,
  roundStatusMessage,
  SecaggError,
  signedMessage,
} from '@secagg/schema';
import { listen, portOf } from '@secagg/testbed/ports';
import { eventually } from '@secagg/testbed/wait';
import { request } from 'undici';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(60_000);

const row: RewardObservation = { model: 'm1', task: 't1', success: true, latency_s: 1 };
const noisy = { SECAGG_UNSAFE_NO_NOISE: 'false', SECAGG_BUDGET_RHO: '10', SECAGG_MAX_ROUND_RHO: '1' };
const plan = {
  privacy: { unit: 'request' as const, rho: 0.05, deltaInverse: 1_000_000 },
  minParticipantsPerGroup: 1,
  durationMs: 4000,
};

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
let nodes: NodeProcess[] = [];
let veil: Server | undefined;
/** What the second router is told of rounds; undefined: the truth. */
let pretended: RoundPhase | undefined;

/** Passes everything on but where rounds stand, while something else is pretended. */
async function hideOutcomes(): Promise<number> {
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    const [, cluster, round] = /^\/v1\/clusters\/([0-9a-f]+)\/rounds\/(\d+)(?:[?/]|$)/.exec(path) ?? [];
    if (pretended && round && !path.includes('/contributions')) {
      const status = {
        cluster: cluster as ClusterHash,
        round: Number(round) as RoundNumber,
        phase: pretended,
        contributions: 1,
      };
      setTimeout(() => outgoing.writeHead(200).end(roundStatusMessage.encode(status)), 20);
      return;
    }
    const passed = forward(
      { port: coordinator.port, path, method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await listen(server);
  veil = server;
  return portOf(server);
}

/** The whole committee, and a router that reaches the coordinator through a veil. */
async function begin(): Promise<[NodeProcess, NodeProcess]> {
  fleet = new TestFleet({ routers: 3, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
  coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  pretended = undefined;
  const port = await hideOutcomes();
  nodes = [
    await NodeProcess.start(fleet.environment('router-0', coordinator.port, noisy)),
    await NodeProcess.start(fleet.environment('router-1', port, noisy)),
  ];
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
  return [nodes[0], nodes[1]];
}

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  veil?.closeAllConnections();
  await new Promise((resolve) => (veil ? veil.close(resolve) : resolve(undefined)));
  await coordinator.close();
  fleet.remove();
});

const participation = async (node: NodeProcess) => (await node.client.status()).participations[0];
const inState = (node: NodeProcess, state: string) =>
  eventually(state, async () => (await participation(node))?.state === state);
const metric = async (node: NodeProcess, series: string): Promise<number> => {
  const { body } = await request(`http://127.0.0.1:${node.port}/metrics`);
  return Number(
    (await body.text())
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1],
  );
};
const alarms = (node: NodeProcess) =>
  metric(node, `secure_agg_receipts_not_honoured_total{cluster="${fleet.cluster}"}`);
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof SecaggError ? error.code : String(error)),
  );

describe('a contribution that is dropped after its receipt', () => {
  /**
   * Signs a receipt for the second router and forgets the contribution; `hides` are parts of the round it does not
   * show.
   */
  function dropping(key: () => string, hides: string[] = []): void {
    coordinator.intercept = (incoming, response) => {
      const path = incoming.url ?? '';
      if (hides.some((part) => path.includes(part))) {
        response.writeHead(problems.not_found.status, { 'content-type': 'application/problem+json' }).end(
          JSON.stringify({
            code: 'not_found',
            status: 404,
            title: '',
            detail: '',
            type: 'urn:secagg:problem:not_found',
          }),
        );
        return true;
      }
      if (!path.endsWith('/contributions')) return false;
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const { header } = contributionMessage.decode(bytes);
        const { router } = headerMessage.decode(header.body);
        const { config, configHash } = coordinator.round(key()).verified;
        const receipt =
          router === 'router-1'
            ? signDocument(
                receiptMessage,
                config.fleet,
                {
                  v: 1,
                  fleet: config.fleet,
                  cluster: config.cluster,
                  round: config.round,
                  config_hash: configHash,
                  router,
                  coordinator: fleet.coordinator.id,
                  header_hash: headerHash(header),
                },
                fleet.coordinator.secretKey,
              )
            : coordinator.local.contribute(key(), bytes);
        response.writeHead(201).end(signedMessage.encode(receipt));
      });
      return true;
    };
  }

  async function proved(node: NodeProcess): Promise<void> {
    const { evidence } = await node.client.evidence();
    expect(evidence).toMatchObject([
      {
        kind: 'receipt-not-honoured',
        cluster: fleet.cluster,
        round: 1,
        path: `/v1/evidence/receipt-not-honoured/${fleet.cluster}/1`,
      },
    ]);
    const bytes = await node.client.evidenceAt(evidence[0].path as string);
    // All that is known here of the fleet is the authority's key.
    expect(verifyReceiptEvidence(fleet.authority.publicKey, bytes)).toMatchObject({
      how: 'absent',
      router: 'router-1',
      coordinator: 'coordinator',
      cluster: fleet.cluster,
      round: 1,
    });
    const { receipts_not_honoured } = await node.client.status();
    expect(receipts_not_honoured).toMatchObject([{ round: `${fleet.cluster}/1`, evidence: evidence[0].path }]);
    expect(await alarms(node)).toBe(1);
    const told = () => node.log.filter(({ level, msg }) => level === 50 && String(msg).includes('/v1/evidence'));
    await eventually('the alarm in the log', () => told().length > 0);
    expect(told()).toHaveLength(1);
  }

  it('is proved by a few hashes while the record of the round is withheld, and settled when it comes', async () => {
    const [, node] = await begin();
    await node.client.postObservations([row]);
    expect(await alarms(node)).toBe(0);
    let key = '';
    dropping(() => key, ['/transcript']);
    key = coordinator.startRound(plan);
    await inState(node, 'sent');
    await eventually('the alarm', async () => (await alarms(node)) === 1);
    await proved(node);
    // It settles nothing: observations and charge stay, until the record shows what became of the round.
    expect(await participation(node)).toMatchObject({ state: 'sent', observations: 1, decision: 'ready' });
    coordinator.intercept = () => false;
    await inState(node, 'left_out');
    expect((await node.client.status()).observations).toEqual({ waiting: 1, taken: 0 });
    await proved(node);
    await node.stop('SIGKILL');
    nodes[1] = await NodeProcess.start(fleet.environment('router-1', coordinator.port, noisy));
    expect((await nodes[1].client.evidence()).evidence).toHaveLength(1);
  });

  it('is proved from the record of the round when no place in it is shown', async () => {
    const [, node] = await begin();
    let key = '';
    dropping(() => key, ['/inclusion']);
    key = coordinator.startRound(plan);
    await inState(node, 'left_out');
    await proved(node);
  });

  it('is not claimed where a receipt was honoured, whatever false places the coordinator shows', async () => {
    const [, node] = await begin();
    let shown = 0;
    const key = coordinator.startRound(plan);
    coordinator.intercept = (incoming, response) => {
      if (!incoming.url?.includes('/inclusion')) return false;
      shown += 1;
      // The place of somebody who is not there, in this router's name.
      const proof = inclusionProofMessage.decode(coordinator.inclusion(key, 'router-2' as never));
      response.writeHead(200).end(inclusionProofMessage.encode({ ...proof, router: 'router-1' as never }));
      return true;
    };
    await inState(node, 'included');
    expect(shown).toBeGreaterThan(0);
    expect(await alarms(node)).toBe(0);
    expect((await node.client.evidence()).evidence).toEqual([]);
    expect(await metric(node, 'secure_agg_failures_total{reason="validation_error"}')).toBe(1);
    expect(node.log.some(({ code, msg }) => code === 'bad_proof' && String(msg).startsWith('no proof of where'))).toBe(
      true,
    );
  });
});

describe('a decision that the coordinator hides', () => {
  const decisionOf = async (node: NodeProcess, round: number): Promise<Uint8Array> => {
    let proof: Uint8Array | undefined;
    await eventually(
      'the decision',
      async () => (proof = await node.client.decision(fleet.cluster, round)) !== undefined,
    );
    return proof as Uint8Array;
  };

  it.each<RoundPhase>(['voting', 'undecided'])(
    'to abort, is carried from one router to another: data and charge come back (pretended: %s)',
    async (phase) => {
      const [peer, node] = await begin();
      await node.client.postObservations([row, row]);
      pretended = phase;
      const key = coordinator.startRound({ ...plan, minParticipantsPerGroup: 3, maxParticipants: 3, durationMs: 4000 });
      await eventually('the abort', () => coordinator.round(key).phase === 'aborted');
      await inState(peer, 'aborted');
      await inState(node, phase === 'undecided' ? 'undecided' : 'sent');
      expect(await participation(node)).toMatchObject({ observations: 2, decision: null });
      expect((await node.client.status()).privacy?.open_rho).toBeGreaterThan(0);
      expect(await node.client.decision(fleet.cluster, 1)).toBeUndefined();

      const proof = await decisionOf(peer, 1);
      expect(verifyDecisionProof(fleet.authority.publicKey, proof)).toMatchObject({
        cluster: fleet.cluster,
        round: 1,
        decision: { body: { kind: 'abort', reason: 'insufficient_participants' } },
      });
      expect(await node.client.sendDecision(proof)).toEqual({
        cluster: fleet.cluster,
        round: 1,
        decision: 'abort',
        outcome: 'aborted',
      });
      // On disk, whatever happens next.
      await node.stop('SIGKILL');
      nodes[1] = await NodeProcess.start(fleet.environment('router-1', coordinator.port, noisy));
      const again = nodes[1];
      await eventually('the status', async () => (await again.client.status()).privacy !== null);
      expect(await participation(again)).toMatchObject({ state: 'aborted', observations: 0, decision: 'abort' });
      const status = await again.client.status();
      expect(status.observations).toEqual({ waiting: 2, taken: 0 });
      expect(status.privacy).toMatchObject({ open_rho: 0, spent_rho: 0 });
      expect((await again.client.budgetHistory()).entries.map(({ kind }) => kind)).toEqual(['released', 'charged']);
      // Shown again it changes nothing, and can be passed on.
      expect(await again.client.sendDecision(proof)).toMatchObject({ outcome: 'aborted' });
      expect(await again.client.decision(fleet.cluster, 1)).toEqual(proof);
      expect((await again.client.budgetHistory()).entries).toHaveLength(2);
    },
  );

  it('changes nothing unless a quorum has signed it for this very round, and is counted', async () => {
    const [, node] = await begin();
    await node.client.postObservations([row]);
    // An abort of round 1, which this router sits out.
    await node.stop('SIGTERM');
    const first = coordinator.startRound({ ...plan, minParticipantsPerGroup: 3, maxParticipants: 3, durationMs: 4000 });
    await eventually('the abort', () => coordinator.round(first).phase === 'aborted');
    const proof = decisionProofMessage.decode(coordinator.decision(first));
    nodes[1] = await NodeProcess.start(fleet.environment('router-1', portOf(veil as Server), noisy));
    const tested = nodes[1];
    pretended = 'voting';
    const second = coordinator.startRound({ ...plan, durationMs: 4000 });
    await inState(tested, 'sent');
    await eventually('publication', () => coordinator.round(second).phase === 'published');
    const ready = decisionProofMessage.decode(coordinator.decision(second));
    const before = await tested.client.status();
    const refused = (changed: Partial<typeof proof>) =>
      codeOf(tested.client.sendDecision(decisionProofMessage.encode({ ...proof, ...changed })));

    expect(await codeOf(tested.client.sendDecision(Buffer.from('nonsense')))).toBe('malformed');
    expect(await codeOf(tested.client.sendDecision(new Uint8Array()))).toBe('malformed');
    expect(await refused({})).toBe('no_round');
    expect(await refused({ announcement: ready.announcement })).toBe('wrong_config');
    const [vote] = proof.decision.votes;
    expect(
      await refused({
        announcement: ready.announcement,
        decision: { body: proof.decision.body, votes: [{ ...vote, signature: new Uint8Array(64) }] },
      }),
    ).toBe('bad_signature');
    expect(await refused({ ...ready, policy: { ...ready.policy, signature: new Uint8Array(64) } })).toBe(
      'bad_signature',
    );
    const plain = await request(`http://127.0.0.1:${tested.port}/v1/decisions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(plain.statusCode).toBe(400);
    expect(await metric(tested, 'federation_failed_authentications')).toBe(2);
    expect(await metric(tested, 'secure_agg_failures_total{reason="validation_error"}')).toBe(4);
    expect(await metric(tested, 'secure_agg_failures_total{reason="stale_round"}')).toBe(1);
    const { participations, observations, privacy } = await tested.client.status();
    expect({ participations, observations, privacy }).toEqual({
      participations: before.participations,
      observations: before.observations,
      privacy: before.privacy,
    });
    expect(participations[0]).toMatchObject({ round: 2, state: 'sent', observations: 1 });

    // What was decided is that the round is opened: the observations are spent, whatever the coordinator says next.
    expect(await tested.client.sendDecision(decisionProofMessage.encode(ready))).toEqual({
      cluster: fleet.cluster,
      round: 2,
      decision: 'ready',
      outcome: null,
    });
    expect(await participation(tested)).toMatchObject({ state: 'sent', observations: 1, decision: 'ready' });
    pretended = undefined;
    await inState(tested, 'included');
    expect((await tested.client.status()).observations).toEqual({ waiting: 0, taken: 0 });
    expect(await tested.client.sendDecision(decisionProofMessage.encode(ready))).toMatchObject({ outcome: 'included' });
  });

  it('is not found where none was verified', async () => {
    const [node] = await begin();
    const none = 'abcdef0123456789';
    const answers: [string, number, string][] = [
      ['/v1/clusters/xyz/rounds/1/decision', 422, 'invalid'],
      [`/v1/clusters/${none}/rounds/0/decision`, 422, 'invalid'],
      [`/v1/clusters/${none}/rounds/1/decision`, 404, 'not_found'],
      [`/v1/evidence/receipt-not-honoured/${none}/1`, 404, 'not_found'],
      [`/v1/evidence/receipt-not-honoured/${none}/1e3`, 422, 'invalid'],
    ];
    for (const [path, status, code] of answers) {
      const reply = await request(`http://127.0.0.1:${node.port}${path}`);
      expect([path, reply.statusCode, ((await reply.body.json()) as { code: string }).code]).toEqual([
        path,
        status,
        code,
      ]);
    }
  });
});
