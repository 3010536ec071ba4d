/**
 * Quarantine by policy at a real coordinator over HTTP: 12 routers in 6 groups, one of which sends garbage. Seeds and
 * clock are fixed.
 */
import { type VerifiedRound } from '@secagg/protocol';
import { type OpenRound, roundConfigMessage, SecaggError, type SuspicionReport } from '@secagg/schema';
import { uniform } from '@secagg/testbed/random';
import { pino } from 'pino';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { lies, routerTraffic, seenBy, unsafeBytes, vectorOf } from './support/lying-traffic';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(120_000);

const QUARANTINE = 3;
const keys = ['m1:t1', 'm1:t2'];
let nowMs = Date.UTC(2026, 0, 1);
const now = () => nowMs;
const hostOf = (seed: number) => ({ random: unsafeBytes(uniform(700 + seed)), now });

const fleet = new TestFleet({
  routers: 12,
  committee: { size: 1, threshold: 1 },
  minParticipants: 1,
  issuedAtMs: nowMs,
  policy: { max_groups: 6, quarantine_rounds: QUARANTINE },
});
const liar = fleet.routers[5].id;
const config = fleet.config(
  {},
  { keys, groups: 6, combination: 'median', maxRequestsPerRouter: 3000, durationMs: 5000 },
);
const logged: { msg: string; [field: string]: unknown }[] = [];
const logger = pino(
  { level: 'warn' },
  { write: (line: string) => void logged.push(JSON.parse(line) as (typeof logged)[number]) },
);
const random = uniform(5);
const traffic = fleet.routers.map(() => routerTraffic(1000, random));
const routers = fleet.routers.map((identity, i) => new HttpRouter(fleet.view, identity, hostOf(i + 1)));
/** The committee, which stays while the coordinator is away. */
const member = new HttpMember(fleet.view, fleet.routers[0], hostOf(0));
let running: Running;
let serving: Promise<void>;

beforeAll(async () => {
  running = await Running.start(fleet, config, { now, logger });
  serving = member.serve(() => running.origin);
  await running.epochInForce();
});
afterAll(async () => {
  member.stop();
  await serving;
  await running.stop();
});

const report = (): Promise<SuspicionReport> => running.client.suspicion(fleet.cluster);
const entryOf = ({ routers: entries }: SuspicionReport) => entries.find(({ router }) => router === liar);
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${running.origin}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1],
  );
};

async function announce(): Promise<{ open: OpenRound; number: number }> {
  nowMs += 60_000;
  const open = await running.client.startRound(
    fleet.cluster,
    operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }, nowMs),
  );
  return { open, number: roundConfigMessage.decode(open.announcement.body).round };
}

/** Everybody tries; gives what the coordinator refused the liar with. */
async function send(open: OpenRound): Promise<SecaggError | undefined> {
  let refusal: SecaggError | undefined;
  await Promise.all(
    routers.map(async (router, i) => {
      const bytes = router.buildFrom(open, ({ config: { layout } }: VerifiedRound) => {
        const seen = seenBy(traffic[i], keys, random);
        return router.identity.id === liar ? lies.garbage(layout, seen, random) : vectorOf(layout, seen);
      });
      try {
        await router.send(running.client, open, bytes);
      } catch (error) {
        if (!(error instanceof SecaggError) || router.identity.id !== liar) throw error;
        refusal = error;
      }
    }),
  );
  return refusal;
}

/** One round, closed when everybody has contributed or by its deadline. */
async function play(): Promise<{ number: number; refusal: SecaggError | undefined }> {
  const { open, number } = await announce();
  const refusal = await send(open);
  if (refusal) nowMs += 6000;
  expect(await running.client.roundStatus(fleet.cluster, number, { waitMs: 20_000 })).toMatchObject({
    phase: 'published',
    contributions: refusal ? 11 : 12,
  });
  // Given once the record of the round is written, and the scores with it.
  await running.client.transcript(fleet.cluster, number);
  return { number, refusal };
}

async function playUntilNamed(): Promise<number> {
  for (let rounds = 0; rounds < 30; rounds++) {
    const { number, refusal } = await play();
    expect(refusal).toBeUndefined();
    if ((await report()).suspects.length > 0) return number;
  }
  throw new Error('nobody was named');
}

it('refuses the router that the scores name, for as many rounds as the policy says, then begins anew', async () => {
  const named = await playUntilNamed();
  expect(named).toBeGreaterThanOrEqual(10);
  const found = await report();
  expect(found).toMatchObject({ suspects: [liar], quarantine_rounds: QUARANTINE, latest_round: named });
  expect(entryOf(found)).toMatchObject({ named_in_round: named, quarantined_until_round: named + QUARANTINE });
  expect(logged.filter(({ msg }) => msg === 'a router is under suspicion of spoiling its groups')).toEqual([
    expect.objectContaining({
      level: 40,
      cluster: fleet.cluster,
      router: liar,
      round: named,
      quarantined_until_round: named + QUARANTINE,
    }),
  ]);
  expect(await metric(`federation_routers_quarantined{cluster="${fleet.cluster}"}`)).toBe(1);

  for (let i = 1; i <= QUARANTINE; i++) {
    const { number, refusal } = await play();
    expect(refusal).toMatchObject({
      code: 'quarantined',
      details: {
        status: 403,
        party: liar,
        round: number,
        untilRound: named + QUARANTINE,
        notice: expect.any(String) as string,
      },
    });
    // Counters begin anew with the process, after the first.
    expect(await metric('secure_agg_failures_total{reason="quarantined"}')).toBe(i === 1 ? 1 : i - 1);
    // It stays, across a restart too, until its last round is over.
    if (i === 1) {
      await running.stop();
      running = await Running.start(fleet, config, { now, logger });
    }
    if (i < QUARANTINE) expect(entryOf(await report())).toEqual(entryOf(found));
  }
  expect(entryOf(await report())).toBeUndefined();
  expect(await metric(`federation_routers_quarantined{cluster="${fleet.cluster}"}`)).toBe(0);

  const back = await play();
  expect(back).toMatchObject({ number: named + QUARANTINE + 1, refusal: undefined });
  expect(entryOf(await report())).toMatchObject({ rounds: 1, named_in_round: null, quarantined_until_round: null });
  const again = await playUntilNamed();
  expect(again).toBeGreaterThanOrEqual(named + QUARANTINE + 10);
  expect(entryOf(await report())).toMatchObject({ rounds: again - named - QUARANTINE, named_in_round: again });
});
