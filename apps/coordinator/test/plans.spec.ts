/**
 * Plans that the fleet policy refuses: at the start of a real process, and when a policy comes that a running
 * coordinator's plan breaks.
 */
import { type coordinatorReasons } from '@secagg/schema';
import { until } from '@secagg/testbed/wait';
import { pino } from 'pino';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { operatorRequest } from './support/parties';
import { checkConfig, CoordinatorProcess } from './support/process';

jest.setTimeout(120_000);

const options = { routers: 3, committee: { size: 1, threshold: 1 } };
const policy = { min_participants_per_group: 3, min_assumed_colluders: 1, max_round_rho_units: 2 ** 35 };
const refused = (fleet: TestFleet, plan: object): Promise<string> =>
  CoordinatorProcess.start(fleet, fleet.config({}, plan)).then(
    async (running) => {
      await running.stop();
      return 'it has started';
    },
    (error: Error) => error.message,
  );

it.each<[string, object, RegExp]>([
  ['the minimum', { minParticipantsPerGroup: 2 }, /clusters\.0\.minParticipantsPerGroup: 2: .*version 1.* at least 3/],
  ['epsilon', { privacy: { epsilon: 3 } }, /clusters\.0\.privacy\.epsilon: .*epsilon 3 at .*allows at most epsilon \d/],
  ['noise', { privacy: { rho: 'unsafe-none' } }, /clusters\.0\.privacy\.rho: unsafe-none: .*without noise/],
])('a start is refused with 78 for %s, and --check-config says the same', async (_field, plan, text) => {
  const fleet = new TestFleet({ ...options, policy: { ...policy, unsafe_no_noise: false } });
  const config = { minParticipantsPerGroup: 3, privacy: { epsilon: 0.5 }, ...plan };
  const said = await refused(fleet, config);
  expect(said).toMatch(/^exit 78: /);
  expect(said).toMatch(text);
  const checked = await checkConfig(fleet, fleet.config({}, config));
  expect(checked).toMatch(/^exit 78: /);
  expect(checked).toMatch(text);
});

it('a start goes by the policy in the journal, without files, and tells all that is wrong at once', async () => {
  const fleet = new TestFleet({ ...options, policy });
  const fits = { minParticipantsPerGroup: 3, privacy: { epsilon: 0.2 } };
  expect(await refused(fleet, fits)).toBe('it has started');
  const {
    policyFile: _,
    rosterFile: __,
    ...config
  } = fleet.config({}, { ...fits, privacy: { epsilon: 5 }, groups: 1 });
  const clusters = config.clusters as object[];
  const start = CoordinatorProcess.start(fleet, {
    ...config,
    clusters: [{ ...clusters[0], groups: 2, maxParticipants: 9, minParticipantsPerGroup: 1 }],
  });
  const said = await start.then(
    () => '',
    (error: Error) => error.message,
  );
  expect(said).toMatch(/^exit 78: /);
  expect(said).toContain('clusters.0.minParticipantsPerGroup: 1');
  expect(said).toContain('clusters.0.groups: 2');
});

it('a start that is refused for a newer policy leaves the policy of before in force', async () => {
  const fleet = new TestFleet(options);
  const plan = { minParticipantsPerGroup: 2 };
  const { documents } = fleet;
  expect(await refused(fleet, plan)).toBe('it has started');
  fleet.sign([], { min_participants_per_group: 3 });
  fleet.writeDocuments();
  expect(await refused(fleet, plan)).toMatch(/^exit 78: .*clusters\.0\.minParticipantsPerGroup: 2/);
  fleet.documents = documents;
  fleet.writeDocuments();
  expect(await refused(fleet, plan)).toBe('it has started');
});

it('a policy that comes later makes it not ready, with one line, a metric and the same words for a round; the next one that fits ends that', async () => {
  const fleet = new TestFleet(options);
  const lines: { msg: string; reasons?: string[] }[] = [];
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0]) },
  );
  const running = await Running.start(fleet, fleet.config({ autoEpochs: true }), { logger });
  const readiness = async () => {
    const reply = await fetch(`${running.origin}/readyz`);
    return { code: reply.status, body: (await reply.json()) as { reasons?: { reason: string; detail: string }[] } };
  };
  const metric = async () =>
    [
      ...(await (await fetch(`${running.origin}/metrics`)).text()).matchAll(
        /^secure_agg_not_ready\{reason="(\w+)"\} 1$/gm,
      ),
    ].map(([, reason]) => reason);
  const startRound = () =>
    running.client
      .startRound(
        fleet.cluster,
        operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
      )
      .then(
        () => 'started',
        (error: Error) => error.message,
      );
  try {
    running.startCommittee(1);
    await running.epochInForce();
    expect(await readiness()).toMatchObject({ code: 200 });
    expect(await metric()).toEqual([]);

    await running.client.putFleet(fleet.sign([], { min_participants_per_group: 3 }));
    const { code, body } = await readiness();
    expect(code).toBe(503);
    expect(body.reasons?.map(({ reason }) => reason)).toEqual(['plan_conflict']);
    const text = 'minParticipantsPerGroup: 2: the policy (version 2) asks for at least 3';
    expect(body.reasons?.[0].detail).toContain(text);
    expect(await startRound()).toContain(text);
    expect(await metric()).toEqual(['plan_conflict']);
    await readiness();
    expect(lines.filter(({ msg }) => msg === 'not ready')).toMatchObject([{ reasons: ['plan_conflict'] }]);
    const budget = (await (await fetch(`${running.origin}/v1/clusters/${fleet.cluster}/budget`)).json()) as object;
    expect(budget).toMatchObject({ warnings: expect.arrayContaining([text]) as unknown });
    expect((await fetch(`${running.origin}/readyz/store`)).status).toBe(200);

    await running.client.putFleet(fleet.sign());
    expect(await readiness()).toMatchObject({ code: 200 });
    await until(async () => (await startRound()) === 'started');
  } finally {
    await running.stop();
  }
});

it('a coordinator that the roster does not have any more says so', async () => {
  const fleet = new TestFleet(options);
  const running = await Running.start(fleet);
  try {
    await running.client.putFleet(fleet.sign([1]));
    const reply = await fetch(`${running.origin}/readyz`);
    expect(reply.status).toBe(503);
    const { reasons } = (await reply.json()) as { reasons: { reason: (typeof coordinatorReasons)[number] }[] };
    expect(reasons.map(({ reason }) => reason)).toEqual(['certificate_revoked']);
  } finally {
    await running.stop();
  }
});
