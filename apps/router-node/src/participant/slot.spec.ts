import { defaultFields, type RoundConfig } from '@secagg/schema';
import { chooseSlot, preparationMs, slotOf, slotOfPrepared } from './slot';

describe('the announced time', () => {
  const delayMs = 200;
  const announcedMs = 1_000_000;
  const sendFromMs = announcedMs + delayMs;

  it('is itself for a clock that can be right', () => {
    for (const seenAtMs of [announcedMs, announcedMs + 50, announcedMs + 199])
      expect(slotOf(delayMs, sendFromMs, seenAtMs)).toBe(sendFromMs);
  });

  it('is the announced delay after the round was seen, for a clock that is behind or ahead by minutes', () => {
    for (const offMs of [-600_000, -201, 201, 600_000])
      expect(slotOf(delayMs, sendFromMs, announcedMs + offMs)).toBe(announcedMs + offMs + delayMs);
  });

  it('does not depend on anything that comes after the round was seen', () => {
    expect(slotOf(0, announcedMs, announcedMs + 30)).toBe(announcedMs + 30);
  });
});

describe('the slot of a contribution', () => {
  const limits = { prepareMs: 2000, sendSpreadMs: 1000, maxRequestsPerRound: 50_000 };
  const announced = 1_000_000;
  const round = (times: { delayMs?: number; lengthMs?: number } = {}, maxRequests = 10_000) =>
    ({
      round: 7,
      round_time_ms: announced,
      send_from_ms: announced + (times.delayMs ?? 0),
      deadline_ms: announced + (times.lengthMs ?? 30_000),
      layout: { keys: ['a:x', 'b:y'], fields: defaultFields({}), max_requests_per_router: maxRequests },
    }) as RoundConfig;

  it('leaves the time to prepare what the round may take, however little its coordinator leaves', () => {
    const neededMs = preparationMs(round(), limits);
    expect(neededMs).toBeGreaterThan(4000);
    expect(chooseSlot(round(), limits, announced, 0)).toEqual({ seenAtMs: announced, sendAtMs: announced + neededMs });
    expect(chooseSlot(round({ delayMs: 5000 }), limits, announced, 0).sendAtMs).toBe(announced + 5000);
    // Seen late, it has the same time, and may come after the deadline.
    expect(chooseSlot(round({ delayMs: 5000 }), limits, announced + 29_000, 0).sendAtMs).toBe(announced + 34_000);
  });

  it('follows from the announcement and the settings, in which nothing of the data is', () => {
    expect(preparationMs(round({}, 10 ** 9), limits)).toBe(preparationMs(round({}, 50_000), limits));
    expect(preparationMs(round({}, 1), limits)).toBeLessThan(preparationMs(round({}, 2), limits));
  });

  it('is spread over a tenth of the time that is left, and over no more than the node is told', () => {
    const first = chooseSlot(round({ delayMs: 5000 }), limits, announced, 0).sendAtMs;
    expect(chooseSlot(round({ delayMs: 5000 }), limits, announced, 0.5).sendAtMs).toBe(first + 500);
    expect(chooseSlot(round({ delayMs: 5000, lengthMs: 6000 }), limits, announced, 0.5).sendAtMs).toBe(first + 50);
  });

  it('is none in a round that is over by then, which has a reason of its own', () => {
    expect(() => chooseSlot(round({ lengthMs: 4000 }), limits, announced, 0)).toThrow(
      expect.objectContaining({
        code: 'slot_missed',
        details: { round: 7, check: 'timing.slot' },
      }),
    );
  });

  it('of a contribution that is prepared already is the announced one, from a restart on', () => {
    const { sendAtMs } = slotOfPrepared(round({ delayMs: 5000 }), { sendSpreadMs: 0 }, announced + 20_000);
    expect(sendAtMs).toBe(announced + 25_000);
  });
});
