/** Documents that are replaced, epochs that follow, operators that ask. */
import { request } from 'undici';
import { SecaggError } from '@secagg/schema';
import { until } from '@secagg/testbed/wait';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpMember, operatorRequest } from './support/parties';

jest.setTimeout(60_000);

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof SecaggError ? error.code : String(error)),
  );

describe('fleet documents and epochs', () => {
  const fleet = new TestFleet({ routers: 5, committee: { size: 4, threshold: 2 }, candidates: 5 });
  const first = fleet.documents;
  let running: Running;

  beforeAll(async () => {
    running = await Running.start(fleet, fleet.config({ epochSetupTimeoutMs: 700 }));
  });
  afterAll(() => running.stop());

  const epochNumber = async () =>
    ((await (await request(`${running.origin}/readyz`)).body.json()) as { epoch: number | null }).epoch;

  it('sets up an epoch with those candidates that are there, however late they come', async () => {
    // Takes its seat and never signs: the epoch cannot complete with it.
    const silent = new HttpMember(fleet.view, fleet.routers[0]);
    silent.ignores.add('sign-epoch');
    const serving = silent.serve(() => running.origin);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const others = fleet.routers.slice(1, 5).map((identity) => new HttpMember(fleet.view, identity));
    const served = others.map((member) => member.serve(() => running.origin));
    await until(async () => (await epochNumber()) !== null);
    expect(await epochNumber()).toBeGreaterThan(1);
    for (const member of [silent, ...others]) member.stop();
    await Promise.all([serving, ...served]);
  });

  it('hands out the newest documents, and not again to who has them', async () => {
    expect(await running.client.fleet()).toEqual(first);
    const reply = await request(`${running.origin}/v1/fleet`);
    await reply.body.dump();
    const again = await request(`${running.origin}/v1/fleet`, {
      headers: { 'if-none-match': reply.headers.etag as string },
    });
    expect(again.statusCode).toBe(304);
  });

  it('takes newer documents of the authority, and nothing else', async () => {
    const newer = fleet.sign();
    await running.client.putFleet(newer);
    await running.client.putFleet(newer);
    expect(await running.client.fleet()).toEqual(newer);
    expect(await codeOf(running.client.putFleet(first))).toBe('policy');
    const foreign = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
    foreign.sign();
    expect(await codeOf(running.client.putFleet(foreign.sign()))).toBe('bad_signature');
    const tampered = {
      ...newer,
      policy: { ...newer.policy, signature: newer.policy.signature.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) },
    };
    expect(await codeOf(running.client.putFleet(tampered))).toBe('bad_signature');
  });

  it('starts a new epoch under a new policy by itself, and another when an operator asks, once a request', async () => {
    const before = (await epochNumber()) as number;
    const members = fleet.routers.map((identity) => new HttpMember(fleet.view, identity));
    const served = members.map((member) => member.serve(() => running.origin));
    await until(async () => ((await epochNumber()) as number) > before);
    const signed = operatorRequest(fleet, fleet.operator, { action: 'start-epoch' });
    const current = (await epochNumber()) as number;
    await running.client.startEpoch(signed);
    await until(async () => ((await epochNumber()) as number) > current);
    expect(await codeOf(running.client.startEpoch(signed))).toBe('duplicate');
    expect(
      await codeOf(running.client.startEpoch(operatorRequest(fleet, fleet.routers[0], { action: 'start-epoch' }))),
    ).toBe('wrong_role');
    expect(
      await codeOf(
        running.client.startEpoch(
          operatorRequest(fleet, fleet.operator, { action: 'start-epoch' }, Date.now() - 3_600_000),
        ),
      ),
    ).toBe('expired');
    for (const member of members) member.stop();
    await Promise.all(served);
  });
});

describe('work', () => {
  const fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
  let running: Running;
  beforeAll(async () => {
    running = await Running.start(fleet);
  });
  afterAll(() => running.stop());

  it('comes at once when there is some, and not again to who has seen it until it changes', async () => {
    const { client } = running;
    const [{ id }] = fleet.routers;
    const reply = await client.work(id, { waitMs: 10_000 });
    expect(reply?.work.items.map(({ kind }) => kind)).toEqual(['seat']);
    expect(await client.work(id, { waitMs: 100, seen: reply?.hash })).toBeUndefined();
    expect((await client.work(id, { waitMs: 0 }))?.hash).toBe(reply?.hash);
    const waiting = client.work(id, { waitMs: 10_000, seen: reply?.hash });
    await client.startEpoch(operatorRequest(fleet, fleet.operator, { action: 'start-epoch' }));
    expect((await waiting)?.work.items).toMatchObject([{ kind: 'seat', epoch: 2 }]);
  });

  it('is none for a stranger', async () => {
    expect(await running.client.work('stranger', { waitMs: 50 })).toBeUndefined();
  });
});
