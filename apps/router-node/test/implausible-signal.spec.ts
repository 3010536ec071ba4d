/**
 * GET /v1/signal after a round that no honest fleet can have produced: the last usable result, and why there is no
 * newer one.
 */
import { emptyRouter, evolveRouter, checkRound, contribute, takeFreshness, type RouterContext } from '@secagg/protocol';
import { openRoundMessage } from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { randomBytes } from 'node:crypto';
import { request } from 'undici';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(90_000);

it('keeps the last usable result, and names the routers of the implausible one', async () => {
  const fleet = new TestFleet({ routers: 2, committee: { size: 1, threshold: 1 } });
  const coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  const node = await NodeProcess.start(fleet.environment('router-0', coordinator.port));
  const liar = new Liar(fleet);
  const play = async (requests: number): Promise<string> => {
    await node.client.postObservations([{ model: 'm1', task: 't1', success: true, latency_s: 1 }]);
    const key = coordinator.startRound({ maxParticipants: 2, durationMs: 20_000, maxRequestsPerRouter: 100 });
    coordinator.local.contribute(key, liar.contribution(coordinator, key, requests));
    await eventually('publication', () => coordinator.round(key).phase === 'published');
    await eventually('the node has settled', async () => {
      const { participations } = await node.client.status();
      return participations.some(({ round, state }) => key.endsWith(`/${round}`) && state === 'included');
    });
    return key;
  };
  const get = (path: string) => request(`http://127.0.0.1:${node.port}${path}`);
  try {
    coordinator.startEpoch();
    await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
    await play(300);
    const none = await get('/v1/signal');
    expect(none.statusCode).toBe(404);
    expect(await none.body.json()).toMatchObject({
      code: 'not_found',
      detail: expect.stringContaining('round 1 was verified') as string,
    });

    await play(50);
    const usable = await node.client.signal();
    expect(usable).toMatchObject({
      signal: { aggregation_round: 2, reward_signals: { 'm1:t1': { total_samples: 51 } } },
    });
    expect(usable).not.toHaveProperty('newer_implausible');

    await play(300);
    const kept = await node.client.signal();
    expect(kept?.signal).toEqual(usable?.signal);
    expect(kept?.newer_implausible).toMatchObject({
      round: 3,
      groups: [{ group: 0, routers: ['router-0', 'router-1'], reason: 'out_of_range', field: 'samples' }],
    });
    expect(await (await get('/metrics')).body.text()).toMatch(
      /^secure_agg_rounds_implausible_total\{cluster="[0-9a-f]+"\} 2$/m,
    );
  } finally {
    await node.stop('SIGKILL');
    await coordinator.close();
    fleet.remove();
  }
});

/** Router-1: claims as many successful requests of the first key as it likes. */
class Liar {
  private readonly state;

  constructor(private readonly fleet: TestFleet) {
    this.state = emptyRouter(fleet.view);
    for (const event of takeFreshness(this.state, fleet.freshness, Date.now())) evolveRouter(this.state, event);
  }

  contribution(coordinator: CoordinatorDouble, key: string, requests: number): Uint8Array {
    const context: RouterContext = {
      identity: this.fleet.routers[1],
      limits: {
        privacyUnit: 'request',
        maxRoundRhoUnits: Number.MAX_SAFE_INTEGER,
        budget: { units: Number.MAX_SAFE_INTEGER, window: 'lifetime' },
        minHonestPerGroup: 1,
        unsafeNoNoise: true,
      },
    };
    const open = openRoundMessage.decode(coordinator.local.open(key));
    const round = checkRound(this.state, context, open, Date.now());
    const vector = new Float64Array(round.dimension);
    const { fields } = round.config.layout;
    fields.forEach(({ name, bound_units, centre_units }, f) => {
      if (name === 'samples' || name === 'successes') vector[f] = requests * (bound_units - centre_units);
    });
    const random = (length: number) => new Uint8Array(randomBytes(length));
    const { events, reply } = contribute(this.state, context, round, vector, random, Date.now());
    for (const event of events) evolveRouter(this.state, event);
    return reply;
  }
}
