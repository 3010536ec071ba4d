/** Processes killed at every point where something has just become, or is about to become, durable or sent. */
import { type RewardObservation } from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(180_000);

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
const running = new Set<NodeProcess>();

const start = async (id: string, overrides: Record<string, string> = {}): Promise<NodeProcess> => {
  const node = await NodeProcess.start(fleet.environment(id, coordinator.port, overrides));
  running.add(node);
  return node;
};

async function begin(...options: ConstructorParameters<typeof TestFleet>): Promise<void> {
  fleet = new TestFleet(...options);
  coordinator = new CoordinatorDouble(fleet, {
    reportGraceMs: 60_000,
    answerGraceMs: 60_000,
    proposalTimeoutMs: 60_000,
    undecidedTimeoutMs: 60_000,
  });
  await coordinator.listen();
}

afterEach(async () => {
  await Promise.all([...running].map((node) => node.stop('SIGKILL')));
  running.clear();
  await coordinator.close();
  fleet.remove();
});

const around = (event: string): string[] => [
  `before-durable:${event}`,
  `in-durable:${event}`,
  `after-durable:${event}`,
];

it('observations enter exactly one round, wherever the router is killed', async () => {
  const points = [
    ...around('observations-accepted'),
    ...around('observations-taken'),
    ...around('fleet-updated'),
    ...around('contribution-prepared'),
    'before-send:contribution',
    'after-send:contribution',
    ...around('receipt-received'),
    ...around('round-settled'),
    ...around('observations-released'),
  ];
  await begin({ routers: points.length + 1, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
  const keys = points.map((_, i) => `m${String(i).padStart(2, '0')}:t`);
  const rows = (i: number): RewardObservation[] =>
    Array.from({ length: 5 }, () => ({ model: keys[i].split(':')[0], task: 't', success: true, latency_s: 1 }));

  const witness = await start('router-0');
  const settled = new Set<number>();
  const first = await Promise.all(
    points.map((point, i) => start(`router-${i + 1}`, { SECAGG_UNSAFE_CRASH_AT: point })),
  );
  const drive = async (point: string, i: number): Promise<void> => {
    const id = `router-${i + 1}`;
    let node = first[i];
    let accepted = false;
    let crashes = 0;
    await eventually(
      `${id} with ${point}`,
      async () => {
        if (node.exit) {
          expect(node.exit.signal).toBe('SIGKILL');
          crashes += 1;
          node = await start(id);
        }
        try {
          if (!accepted)
            accepted =
              (await node.client.postObservations(rows(i), { idempotencyKey: 'only', attempts: 1 })).accepted === 5;
          const { waiting, taken } = (await node.client.status()).observations;
          return accepted && crashes > 0 && waiting + taken === 0;
        } catch {
          return false;
        }
      },
      120_000,
    );
    expect(crashes).toBe(1);
    // For priors they are counted once as well, and not lost when they are published.
    let own = 0;
    await eventually(
      `priors of ${id}`,
      async () => {
        const found = await node.client.priors({ model: keys[i].split(':')[0] }).catch(() => undefined);
        own = found?.pack.priors[0]?.own_requests ?? 0;
        return own > 0;
      },
      60_000,
    );
    expect(Math.abs(own - 5)).toBeLessThan(0.5);
    settled.add(i);
  };
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
  const drivers = points.map(drive);

  const totals = new Map<string, number>();
  for (let rounds = 0; settled.size < points.length && rounds < 60; rounds++) {
    const key = coordinator.startRound({ keys, durationMs: 4000, minParticipantsPerGroup: 1 });
    await eventually('the end of the round', () => ['published', 'aborted'].includes(coordinator.round(key).phase));
    if (coordinator.round(key).phase === 'aborted') continue;
    const { round } = coordinator.round(key).verified.config;
    await eventually('the witness has verified it', async () =>
      (await witness.client.status()).participations.some(
        (each) => each.round === round && ['included', 'left_out'].includes(each.state),
      ),
    );
    const published = (await witness.client.signal())?.signal;
    // A round that counted nothing does not replace the signal before it.
    if (published?.aggregation_round !== round) continue;
    for (const [name, entry] of Object.entries(published.reward_signals))
      totals.set(name, (totals.get(name) ?? 0) + entry.total_samples);
  }
  await Promise.all(drivers);
  expect(Object.fromEntries(totals)).toEqual(Object.fromEntries(keys.map((name) => [name, 5])));
});

it('a member says nothing twice, wherever it is killed, and the round completes', async () => {
  // Two of three: every one of them is needed at every step.
  await begin({ routers: 3, committee: { size: 3, threshold: 2 } });
  const others = [await start('router-0'), await start('router-1')];
  for (const node of others)
    await node.client.postObservations([{ model: 'm1', task: 't1', success: true, latency_s: 1 }]);
  coordinator.startEpoch();

  const steps = (events: [string, string][]) =>
    events.flatMap(([event, message]) => [...around(event), `before-send:${message}`, `after-send:${message}`]);
  const doomed = (point: string) => start('router-2', { SECAGG_UNSAFE_CRASH_AT: point });
  const death = async (node: NodeProcess, point: string): Promise<void> => {
    await eventually(point, () => node.exit !== undefined);
    expect(node.exit?.signal).toBe('SIGKILL');
    running.delete(node);
    await node.untilEnded();
  };
  const crash = async (point: string): Promise<void> => death(await doomed(point), point);
  // What has been made durable is not made again, so each point is reached once the one before has been passed.
  for (const point of steps([
    ['seat-made', 'seat'],
    ['epoch-body-signed', 'epoch-signature'],
  ]))
    await crash(point);
  const [first, ...later] = steps([
    ['reported', 'report'],
    ['voted', 'vote'],
    ['answered', 'answer'],
  ]);
  // The round closes with its third contribution, so the one that makes it may report at once.
  const member = await doomed(first);
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
  const key = coordinator.startRound({ durationMs: 6000, maxParticipants: 3 });
  await eventually('its own contribution', () => coordinator.round(key).accepted.size === 3);
  await death(member, first);
  for (const point of later) await crash(point);
  const back = await start('router-2');
  await eventually('publication', () => coordinator.round(key).phase === 'published');
  await eventually(
    'its own settlement',
    async () => (await back.client.status()).participations[0]?.state === 'included',
  );
  expect((await back.client.signal())?.signal.reward_signals['m1:t1'].total_samples).toBe(2);
  expect(coordinator.refused.filter(({ code }) => code !== 'no_round')).toEqual([]);
});
