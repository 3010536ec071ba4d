/**
 * Rounds of an interval that are put off, over HTTP: what a round in which everything is withheld changes, and what it
 * does not.
 */
import { type OpenRound, roundConfigMessage } from '@secagg/schema';
import { until } from '@secagg/testbed/wait';
import { pino } from 'pino';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpRouter, operatorRequest, vectorOf } from './support/parties';

jest.setTimeout(120_000);

const DAY_MS = 86_400_000;

it('a round in which every key is withheld replaces no result and puts the next one off, which status, metric and log say; one of use ends that', async () => {
  const fleet = new TestFleet({ routers: 3, committee: { size: 1, threshold: 1 } });
  const lines: { msg: string; reason?: string }[] = [];
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0]) },
  );
  const trigger = { kind: 'interval', everyMs: DAY_MS };
  const plan = { trigger, durationMs: 600_000, minParticipantsPerGroup: 3, maxParticipants: 3 };
  const running = await Running.start(fleet, fleet.config({}, plan), { logger });
  const { client } = running;
  const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
  const contribute = async (open: OpenRound, requests: number): Promise<number> => {
    const { round } = roundConfigMessage.decode(open.announcement.body);
    for (const router of routers)
      await router.send(
        client,
        open,
        router.buildFrom(open, (verified) => vectorOf(verified, requests)),
      );
    expect((await client.roundStatus(fleet.cluster, round, { waitMs: 30_000 }))?.phase).toBe('published');
    return round;
  };
  const start = () =>
    client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
    );
  const metric = async () =>
    /^secure_agg_rounds_put_off\{cluster="[0-9a-f]+",reason="all_withheld"\} (\d)$/m.exec(
      await (await fetch(`${running.origin}/metrics`)).text(),
    )?.[1];
  const told = () => lines.filter(({ msg }) => msg.startsWith('rounds are ')).map(({ msg, reason }) => reason ?? msg);
  const announcedMs = ({ announcement }: OpenRound) => roundConfigMessage.decode(announcement.body).round_time_ms;
  try {
    running.startCommittee(1);
    let open: OpenRound | undefined;
    await until(async () => {
      open = await client.openRound(fleet.cluster, { after: 0, router: 'router-0', waitMs: 1000 });
      return open !== undefined;
    });
    await contribute(open as OpenRound, 100);
    expect((await client.latestRound(fleet.cluster))?.next).toEqual({
      at_ms: announcedMs(open as OpenRound) + DAY_MS,
    });
    const before = await client.signal(fleet.cluster);
    expect(before?.signal).toMatchObject({ aggregation_round: 1, reward_signals: { 'm1:t1': { total_samples: 300 } } });

    const empty = await start();
    await contribute(empty, 0);
    expect(await client.signal(fleet.cluster)).toEqual(before);
    const latest = await client.latestRound(fleet.cluster);
    expect(latest).toMatchObject({
      round: 2,
      phase: 'published',
      next: { at_ms: announcedMs(empty) + 2 * DAY_MS, put_off: { reason: 'all_withheld', intervals: 1 } },
    });
    await until(async () => (await metric()) === '1');
    expect(told()).toEqual(['all_withheld']);

    const useful = await start();
    await contribute(useful, 10);
    expect((await client.latestRound(fleet.cluster))?.next).toEqual({ at_ms: announcedMs(useful) + DAY_MS });
    await until(async () => (await metric()) === '0');
    expect(told()).toEqual(['all_withheld', 'rounds are not put off any more']);
    expect((await client.signal(fleet.cluster))?.signal.aggregation_round).toBe(3);
  } finally {
    await running.stop();
  }
});
