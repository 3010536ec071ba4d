import { encodeCanonical } from '@secagg/schema';
import { claimedRouter } from './claimed-router';

const body = (router: unknown): Buffer =>
  Buffer.from(
    encodeCanonical({
      boxes: [new Uint8Array(500)],
      header: { body: encodeCanonical({ round: 7, router, v: 1 }), signature: new Uint8Array(64) },
    }),
  );

it.each(['r', 'router-1', 'a'.repeat(23), 'b'.repeat(24), 'c'.repeat(64)])(
  'finds %s in the bytes of a contribution',
  (id) => expect(claimedRouter(body(id))).toBe(id),
);

it.each([
  ['nothing', Buffer.alloc(0)],
  ['no such field', Buffer.from(encodeCanonical({ a: 1 }))],
  ['a number in its place', body(7)],
  ['an id that is none', body('d'.repeat(65))],
  ['bytes that end with the field', Buffer.concat([Buffer.alloc(10), Buffer.from([0x66]), Buffer.from('router')])],
])('finds nobody in %s', (_, bytes) => expect(claimedRouter(bytes)).toBeUndefined());

it('reads no further than there is', () => {
  const whole = body('router-1');
  expect(claimedRouter(whole.subarray(0, whole.indexOf('router-1') + 3))).toBe('rou');
});
