import { slotOf } from './deliver';

describe('the slot of a contribution', () => {
  const delayMs = 200;
  const announcedMs = 1_000_000;
  const sendFromMs = announcedMs + delayMs;

  it('is the announced time for a clock that can be right', () => {
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
