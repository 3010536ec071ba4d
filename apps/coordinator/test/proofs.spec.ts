/**
 * Proofs of decisions and of places in them, as a coordinator serves them: also after the round has left its memory.
 */
import { deriveEpoch, deriveRound, verifyDecisionProof, verifyInclusionProof } from '@secagg/protocol';
import { decisionProofMessage, inclusionProofMessage, roundConfigMessage, SecaggError } from '@secagg/schema';
import { request } from 'undici';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(60_000);

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof SecaggError ? error.code : String(error)),
  );

describe('a coordinator', () => {
  const fleet = new TestFleet({ routers: 6, committee: { size: 4, threshold: 2 }, minParticipants: 3 });
  const config = fleet.config({
    timings: { reportGraceMs: 100, answerGraceMs: 300, proposalTimeoutMs: 2000, undecidedTimeoutMs: 4000 },
    finishedRoundRetentionMs: 0,
  });
  let running: Running;

  beforeAll(async () => {
    running = await Running.start(fleet, config);
    running.startCommittee(4);
    await running.epochInForce();
  });
  afterAll(() => running.stop());

  async function round(routers: number) {
    const { client } = running;
    const open = await client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, {
        action: 'start-round',
        cluster: fleet.cluster,
        overrides: { duration_ms: 700 },
      }),
    );
    const { round: number } = roundConfigMessage.decode(open.announcement.body);
    const parties = fleet.routers.slice(0, routers).map((identity) => new HttpRouter(fleet.view, identity));
    for (const router of parties) await router.send(client, open, router.build(open, 3));
    const before = await codeOf(client.decision(fleet.cluster, number));
    const status = await client.roundStatus(fleet.cluster, number, { waitMs: 20_000 });
    return {
      number,
      phase: status?.phase,
      before,
      parties,
      verified: deriveRound(fleet.view, deriveEpoch(open.epoch_certificate), open.announcement),
    };
  }
  const shown = async (number: number) =>
    verifyDecisionProof(
      fleet.authority.publicKey,
      decisionProofMessage.encode(await running.client.decision(fleet.cluster, number)),
    );

  it('shows an abort, in which nobody has a place', async () => {
    const { number, phase } = await round(2);
    expect(phase).toBe('aborted');
    expect((await shown(number)).decision.body).toMatchObject({ kind: 'abort', reason: 'insufficient_participants' });
    expect(await codeOf(running.client.inclusion(fleet.cluster, number, 'router-0'))).toBe('no_decision');
  });

  it('shows who is in a round that was opened, and who is not, also from the transcript alone', async () => {
    const { number, phase, before, parties, verified } = await round(5);
    expect([phase, before]).toEqual(['published', 'no_decision']);
    const all = async () => {
      const places = await Promise.all(
        fleet.routers.map(
          async ({ id }) =>
            verifyInclusionProof(verified, id, await running.client.inclusion(fleet.cluster, number, id)).standing,
        ),
      );
      const proof = await request(
        `${running.origin}/v1/clusters/${fleet.cluster}/rounds/${number}/inclusion?router=router-3`,
      );
      return {
        places,
        decision: await shown(number).then(({ decision, decidedBy }) => ({ decision, decidedBy })),
        bytes: Buffer.from(await proof.body.arrayBuffer()),
      };
    };
    const said = await all();
    const hashes = parties.map(({ state }) => state.participations.get(`${fleet.cluster}/${number}`)?.headerHash);
    expect(said.places).toEqual([
      ...hashes.map((headerHash) => ({ kind: 'included', headerHash, group: 0, size: 5 })),
      { kind: 'absent' },
    ]);
    expect(said.decision.decision.body).toMatchObject({ kind: 'ready', round: number });
    expect(inclusionProofMessage.decode(said.bytes).router).toBe('router-3');

    await running.client.transcript(fleet.cluster, number);
    await running.releaseNow();
    expect(await all()).toEqual(said);
    // Nothing is cached either.
    await running.stop();
    running = await Running.start(fleet, config);
    expect(await all()).toEqual(said);
  });

  it.each([
    ['/99/decision', 404, 'no_round'],
    ['/99/inclusion?router=router-0', 404, 'no_round'],
    ['/1/inclusion', 422, 'invalid'],
    ['/1/inclusion?router=..%2F', 422, 'invalid'],
    ['/0/decision', 422, 'invalid'],
  ])('answers %s with %i %s', async (path, status, code) => {
    const reply = await request(`${running.origin}/v1/clusters/${fleet.cluster}/rounds${path}`);
    expect([reply.statusCode, ((await reply.body.json()) as { code: string }).code]).toEqual([status, code]);
  });
});
