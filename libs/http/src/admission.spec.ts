import fc from 'fast-check';
import { SecaggError } from '@secagg/schema';
import { callerAddress } from './caller-address';
import { Admission, type AdmissionLimits } from './admission';
import { RetrySchedule } from './retry-schedule';
import { RateLimit } from './rate-limit';

const limits: AdmissionLimits = {
  requestsAtWork: 2,
  bodyBytes: 100,
  waits: 3,
  waitsPerAddress: 2,
  waitsPerRouter: 1,
  perAddressPerSecond: 1,
  perAddressBurst: 2,
  perRouterPerSecond: 1,
  perRouterBurst: 1,
  rememberedCallers: 100,
  retryAfterMostMs: 10_000,
};
const refusal = (act: () => unknown): SecaggError => {
  try {
    act();
  } catch (error) {
    if (error instanceof SecaggError) return error;
    throw error;
  }
  throw new Error('it was not refused');
};

describe('admission', () => {
  it('takes on as many requests, bytes and waits as it may, and more once some are over', () => {
    const admission = new Admission(limits, () => 0);
    const [one] = [admission.beginWork(), admission.beginWork()];
    expect(refusal(() => admission.requireRoom())).toMatchObject({ code: 'unavailable', details: { retryAfterS: 1 } });
    one();
    one();
    admission.requireRoom();
    admission.reserveBytes(100);
    expect(refusal(() => admission.reserveBytes(1)).code).toBe('unavailable');
    admission.releaseBytes(60);
    admission.reserveBytes(60);
    const leave = admission.beginWait('a', 'r1');
    admission.beginWait('a', 'r2');
    expect(refusal(() => admission.beginWait('a', 'r3')).code).toBe('overloaded');
    admission.beginWait('b');
    expect(refusal(() => admission.beginWait('c')).code).toBe('unavailable');
    leave();
    admission.beginWait('c', 'r1');
  });

  it('limits a router to one wait from an address, whoever else takes its name', () => {
    const admission = new Admission(limits, () => 0);
    admission.beginWait('attacker', 'r1');
    expect(refusal(() => admission.beginWait('attacker', 'r1')).code).toBe('overloaded');
    admission.beginWait('a', 'r1');
    admission.countRouter('r1', 'attacker');
    expect(refusal(() => admission.countRouter('r1', 'attacker')).code).toBe('overloaded');
    admission.countRouter('r1', 'a');
  });

  it('says when an address may come again', () => {
    let nowMs = 0;
    const admission = new Admission(limits, () => nowMs);
    admission.countRequest('a');
    admission.countRequest('a');
    expect(refusal(() => admission.countRequest('a'))).toMatchObject({
      code: 'overloaded',
      details: { retryAfterS: 1 },
    });
    admission.countRequest('b');
    nowMs = 1000;
    admission.countRequest('a');
    expect(refusal(() => admission.countRequest('a')).code).toBe('overloaded');
  });
});

it('token buckets let through no more than burst and rate, and remember no more callers than they may', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(7), fc.nat(2000)), { maxLength: 300 }), (requests) => {
      const buckets = new RateLimit({ perSecond: 5, burst: 10, callers: 4 });
      const single = new RateLimit({ perSecond: 5, burst: 10, callers: 4 });
      let nowMs = 0;
      let taken = 0;
      for (const [caller, pauseMs] of requests) {
        nowMs += pauseMs;
        buckets.take(String(caller), nowMs);
        expect(buckets.size).toBeLessThanOrEqual(4);
        const waitMs = single.take('one', nowMs);
        if (waitMs === 0) taken += 1;
        else expect(waitMs).toBeLessThanOrEqual(200);
      }
      expect(taken).toBeLessThanOrEqual(10 + (nowMs / 1000) * 5);
    }),
  );
});

describe('the schedule of those turned away', () => {
  it('brings them back no faster than they can be served', () => {
    const schedule = new RetrySchedule(100, 60_000);
    const back = Array.from({ length: 800 }, () => schedule.next(0));
    for (let second = 1; second <= 10; second++)
      expect(back.filter((s) => s === second).length).toBeLessThanOrEqual(100);
    expect(Math.max(...back)).toBe(10);
  });

  it('learns the rate while it turns callers away, and never sends anybody away for longer than it may', () => {
    const schedule = new RetrySchedule(100, 5000);
    for (let ms = 0; ms <= 20_000; ms += 1) {
      if (ms % 20 === 0) schedule.served(ms);
      if (ms % 2 === 0) expect(schedule.next(ms)).toBeLessThanOrEqual(6);
    }
    const fresh = schedule.next(100_000);
    const later = Array.from({ length: 39 }, () => schedule.next(100_000));
    // 50 a second were served, so 40 times are given away for each second.
    expect([fresh, ...later].every((s) => s === 1)).toBe(true);
    expect(schedule.next(100_000)).toBe(2);
  });
});

describe('a caller', () => {
  const request = (remoteAddress: string, forwarded?: string) =>
    ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as never;

  it.each([
    ['10.0.0.1', undefined, 0, '10.0.0.1'],
    ['::ffff:10.0.0.1', undefined, 0, '10.0.0.1'],
    ['10.0.0.1', '1.2.3.4', 0, '10.0.0.1'],
    ['10.0.0.1', '6.6.6.6, 1.2.3.4', 1, '1.2.3.4'],
    ['10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.9', 2, '1.2.3.4'],
    ['10.0.0.1', undefined, 1, '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', undefined, 0, '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', undefined, 0, '2001:db8:1:2::/64'],
    ['2001:DB8::1', undefined, 0, '2001:db8:0:0::/64'],
    ['::1', undefined, 0, '0:0:0:0::/64'],
    // Some proxies write the port along; it would make every connection a new caller.
    ['10.0.0.1', '203.0.113.8:50001', 1, '203.0.113.8'],
    ['10.0.0.1', '203.0.113.8:50002', 1, '203.0.113.8'],
    ['10.0.0.1', '[2001:db8:1:2::9]:50001', 1, '2001:db8:1:2::/64'],
    ['10.0.0.1', '[2001:db8:1:2::9]', 1, '2001:db8:1:2::/64'],
    ['10.0.0.1', '2001:db8:1:2::9', 1, '2001:db8:1:2::/64'],
    ['10.0.0.1', '::ffff:203.0.113.8', 1, '203.0.113.8'],
    ['10.0.0.1', '::FFFF:CB00:7108', 1, '203.0.113.8'],
    ['::ffff:a00:1', undefined, 0, '10.0.0.1'],
    ['fe80::1%eth0', undefined, 0, 'fe80:0:0:0::/64'],
    // What is no address is the invention of the proxy's caller, and counts as the proxy.
    ['10.0.0.1', 'unknown', 1, '10.0.0.1'],
    ['10.0.0.1', '_hidden', 1, '10.0.0.1'],
    ['10.0.0.1', '203.0.113.8:port', 1, '10.0.0.1'],
    ['10.0.0.1', '203.0.113.8:500011', 1, '10.0.0.1'],
    ['10.0.0.1', '203.0.113.300', 1, '10.0.0.1'],
    ['10.0.0.1', '[203.0.113.8]:1', 1, '10.0.0.1'],
    ['10.0.0.1', '[2001:db8::9', 1, '10.0.0.1'],
    ['10.0.0.1', '1.2.3.4, x, 203.0.113.8', 2, '10.0.0.1'],
    ['2001:db8::1', 'x'.repeat(10_000), 1, '2001:db8:0:0::/64'],
  ])('%s, forwarded for %s through %i proxies, is %s', (peer, forwarded, proxies, expected) =>
    expect(callerAddress(request(peer, forwarded), proxies)).toBe(expected),
  );
});
