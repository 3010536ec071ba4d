import { randomBytes } from 'node:crypto';
import { type PartyId } from '@secagg/schema';
import { openIdentityKey, sealedIdentityLength, sealIdentityKey } from './identity-key';
import { atRest } from './sealed-blob';

const random = (length: number) => new Uint8Array(randomBytes(length));
const cannotOpen = expect.objectContaining({ code: 'cannot_open' });

it('a sealed signature key opens for its party under its store key, and otherwise not', async () => {
  const [key, other] = [await atRest(random(32), random), await atRest(random(32), random)];
  const seed = random(32);
  const sealed = sealIdentityKey(key, seed, 'router-1' as PartyId);
  expect(sealed).toHaveLength(sealedIdentityLength);
  expect(Buffer.from(sealed).includes(Buffer.from(seed))).toBe(false);
  expect(openIdentityKey(key, sealed, 'router-1' as PartyId)).toEqual(seed);
  expect(() => openIdentityKey(key, sealed, 'router-2' as PartyId)).toThrow(cannotOpen);
  expect(() => openIdentityKey(other, sealed, 'router-1' as PartyId)).toThrow(cannotOpen);
});
