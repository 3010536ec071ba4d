/**
 * Every way of altering a contribution is refused with its own code, and the round's result is as if it had not been
 * sent.
 */
import { headerMessage, type PartyId } from '@secagg/schema';
import { type LocalRouter } from '../src';
import { distribute, nextDocuments } from './support/rosters';
import { codeOf, now, quietFleet, Scenario } from './support/scenario';
import { alter, flip, forge } from './support/tamper';

const fleet = quietFleet(4, 2, 8);
const [victim, other] = fleet.routers;
const [expired, revoked, early, outsider] = fleet.routers.slice(4);
// Members of the cluster are all but the last; three more have lost their certificates.
distribute(
  fleet,
  nextDocuments(fleet, {
    certificates: {
      [expired.identity.id]: { not_after_ms: now - 1 },
      [early.identity.id]: { not_before_ms: now + 60_000 },
    },
    revoke: [revoked.identity.id],
    policy: ({ clusters }) => ({
      clusters: clusters.map((cluster) => ({
        ...cluster,
        members: fleet.routers.filter((router) => router !== outsider).map((router) => router.identity.id),
      })),
    }),
  }),
);
const honest = fleet.routers.slice(0, 4);
const previous = new Scenario(fleet);
const fromPreviousRound = previous.build(victim);
previous.contribute(honest.slice(1)).finish();

const scenario = new Scenario(fleet);
const genuine = scenario.build(victim);
const key = victim.identity.secretKey;
const send = (bytes: Uint8Array): string | undefined => codeOf(() => fleet.coordinator.contribute(scenario.key, bytes));
const named = (router: LocalRouter) =>
  forge(genuine, router.identity.secretKey, ({ header }) => ({ header: { ...header, router: router.identity.id } }));
const header = (changes: object) => forge(genuine, key, (parts) => ({ header: { ...parts.header, ...changes } }));
const later = (body: Uint8Array): Uint8Array =>
  headerMessage.encode({ ...headerMessage.decode(body), timestamp_ms: now + 1 });
const replace = (find: number[], by: number[]): Uint8Array => {
  const at = Buffer.from(genuine).indexOf(Buffer.from(find));
  return Buffer.concat([genuine.subarray(0, at), Buffer.from(by), genuine.subarray(at + find.length)]);
};

it.each<[string, string, () => Uint8Array]>([
  [
    'a ciphertext with one bit turned',
    'wrong_digest',
    () => alter(genuine, ({ ciphertext }) => ({ ciphertext: flip(ciphertext, 0) })),
  ],
  [
    'a box with one bit turned',
    'wrong_digest',
    () =>
      alter(genuine, ({ boxes }) => ({
        boxes: boxes.map((box, i) => (i === 2 ? { ...box, ciphertext: flip(box.ciphertext) } : box)),
      })),
  ],
  [
    'an encapsulation with one bit turned',
    'wrong_digest',
    () =>
      alter(genuine, ({ boxes }) => ({
        boxes: boxes.map((box) => ({ ...box, encapsulation: flip(box.encapsulation) })),
      })),
  ],
  [
    'two boxes exchanged',
    'wrong_digest',
    () => alter(genuine, ({ boxes: [a, b, ...rest] }) => ({ boxes: [b, a, ...rest] })),
  ],
  [
    'a commitment with one bit turned',
    'wrong_digest',
    () => alter(genuine, ({ commitments }) => ({ commitments: flip(commitments) })),
  ],
  [
    'a header with one bit turned',
    'bad_signature',
    () => alter(genuine, ({ header: { body, signature } }) => ({ header: { body: later(body), signature } })),
  ],
  [
    'a signature with one bit turned',
    'bad_signature',
    () => alter(genuine, ({ header: { body, signature } }) => ({ header: { body, signature: flip(signature) } })),
  ],
  ["another router's signature", 'bad_signature', () => forge(genuine, other.identity.secretKey, () => ({}))],
  ['a signature for another fleet', 'bad_signature', () => forge(genuine, key, () => ({}), 'elsewhere')],
  ['the name of a router that is not on the roster', 'unknown_party', () => header({ router: 'stranger' as PartyId })],
  [
    'the name of a party that is no router',
    'wrong_role',
    () =>
      forge(genuine, fleet.coordinator.context.identity.secretKey, (parts) => ({
        header: { ...parts.header, router: fleet.coordinator.context.identity.id },
      })),
  ],
  ['an expired certificate', 'expired', () => named(expired)],
  ['a certificate that is not valid yet', 'expired', () => named(early)],
  ['a revoked certificate', 'revoked', () => named(revoked)],
  ['a router outside the cluster', 'policy', () => named(outsider)],
  ['a header for another fleet', 'stale_round', () => header({ fleet: 'elsewhere' })],
  ['a header for another cluster', 'stale_round', () => header({ cluster: 'ab'.repeat(32) })],
  ['a header for another round', 'stale_round', () => header({ round: scenario.config.round + 1 })],
  ['what was made for the previous round', 'stale_round', () => fromPreviousRound],
  ['a header for another epoch', 'wrong_epoch', () => header({ epoch_hash: new Uint8Array(32) })],
  ['a header for another configuration', 'wrong_config', () => header({ config_hash: new Uint8Array(32) })],
  [
    "the previous round's content under this round's number",
    'wrong_config',
    () => forge(fromPreviousRound, key, (parts) => ({ header: { ...parts.header, round: scenario.config.round } })),
  ],
  ['a group of its own choice', 'wrong_group', () => header({ group: 1 })],
  ['a box too few', 'invalid', () => forge(genuine, key, ({ boxes }) => ({ boxes: boxes.slice(1) }))],
  ['a box left out under a full header', 'malformed', () => alter(genuine, ({ boxes }) => ({ boxes: boxes.slice(1) }))],
  [
    'a commitment too few',
    'malformed',
    () => forge(genuine, key, ({ commitments }) => ({ commitments: commitments.subarray(32) })),
  ],
  [
    'a ciphertext a word short',
    'malformed',
    () => forge(genuine, key, ({ ciphertext }) => ({ ciphertext: ciphertext.subarray(1) })),
  ],
  [
    'a ciphertext a word long',
    'malformed',
    () => forge(genuine, key, ({ ciphertext }) => ({ ciphertext: Buffer.concat([ciphertext, Buffer.alloc(1)]) })),
  ],
  [
    'bits after the last word',
    'not_canonical',
    () =>
      forge(genuine, key, ({ ciphertext }) => ({
        ciphertext: ciphertext.map((byte, i) => (i === ciphertext.length - 1 ? byte | 0x80 : byte)),
      })),
  ],
  ['a body that ends early', 'malformed', () => genuine.subarray(0, genuine.length - 1)],
  ['a body with a byte more', 'malformed', () => Buffer.concat([genuine, Buffer.alloc(1)])],
  ['an empty body', 'malformed', () => new Uint8Array(0)],
  [
    'a length that is not the shortest encoding',
    'not_canonical',
    () => replace([0x65, ...Buffer.from('boxes'), 0x84], [0x65, ...Buffer.from('boxes'), 0x98, 0x04]),
  ],
  [
    'an array without a length',
    'malformed',
    () => Buffer.concat([replace([0x65, ...Buffer.from('boxes'), 0x84], [0x65, ...Buffer.from('boxes'), 0x9f])]),
  ],
  ['a field that is not known', 'invalid', () => replace([0xa4], [0xa5, 0x61, 0x61, 0x00])],
  ['a version that is not known', 'invalid', () => replace([0x61, 0x76, 0x01], [0x61, 0x76, 0x02])],
  ['more bytes than a contribution can have', 'too_large', () => new Uint8Array(17 * 1024 * 1024 + 1)],
])('%s is refused as %s', (_name, code, build) => expect(send(build())).toBe(code));

it('nothing of it is held, and the round opens exactly what was sent', () => {
  expect(scenario.round.accepted.size).toBe(0);
  victim.send(fleet.coordinator, scenario.key, genuine);
  scenario.contribute(honest.slice(1));
  expect(send(forge(genuine, key, ({ header: signed }) => ({ header: { ...signed, timestamp_ms: now + 1 } })))).toBe(
    'duplicate',
  );
  expect(send(genuine)).toBeUndefined();
  scenario.finish();
  scenario.expectExactly(honest);
});

it('a contribution after the close, or one too many, is refused', () => {
  const small = new Scenario(fleet, { maxParticipants: 2 });
  const late = small.build(honest[2]);
  small.contribute(honest.slice(0, 2));
  expect(codeOf(() => fleet.coordinator.contribute(small.key, late))).toBe('round_full');
  small.finish();
  expect(codeOf(() => fleet.coordinator.contribute(small.key, late))).toBe('stale_round');
  small.expectExactly(honest.slice(0, 2));
  expect(codeOf(() => fleet.coordinator.contribute('ab/1', late))).toBe('no_round');
});
