import { SecaggError } from '@secagg/schema';
import { retryAfterOf, waitAfter } from './retry-after';

const nowMs = Date.UTC(2026, 0, 1);

describe('Retry-After', () => {
  it.each([
    ['3', 3000],
    [' 0 ', 0],
    ['999999', 120_000],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['', undefined],
    ['soon', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    [undefined, undefined],
  ])('%p asks for %p ms', (header, expected) => expect(retryAfterOf(header, nowMs)).toBe(expected));

  it('is a least wait, spread over a second, and leaves longer ones', () => {
    const asked = new SecaggError('unavailable', 'x', { retryAfterMs: 2000 });
    expect(waitAfter(asked, 100, 0)).toBe(2000);
    expect(waitAfter(asked, 100, 0.5)).toBe(2500);
    expect(waitAfter(asked, 9000, 0.5)).toBe(9000);
    for (const error of [
      new SecaggError('unavailable', 'x'),
      new SecaggError('unavailable', 'x', { retryAfterMs: 'long' }),
      new Error('y'),
    ])
      expect(waitAfter(error, 100, 0.5)).toBe(100);
  });
});
