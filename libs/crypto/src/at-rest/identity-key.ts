import { type PartyId } from '@secagg/schema';
import { type AtRest, atRestOverhead } from './sealed-blob';

const seedLength = 32;

/** Length of a sealed Ed25519 seed: what tells it from one in the clear (32 bytes, or 64 hexadecimal digits). */
export const sealedIdentityLength = seedLength + atRestOverhead;

/** The party's id is part of what is sealed: a key file put in another party's place does not open. */
const contextOf = (id: PartyId): string => `identity-key/${id}`;

/** Seals a party's Ed25519 seed for a key file. */
export const sealIdentityKey = (storeKey: AtRest, seed: Uint8Array, id: PartyId): Uint8Array =>
  storeKey.seal(seed, contextOf(id));

/** @throws SecaggError `cannot_open` under another store key, for another party, or when damaged */
export const openIdentityKey = (storeKey: AtRest, sealed: Uint8Array, id: PartyId): Uint8Array =>
  storeKey.open(sealed, contextOf(id));
