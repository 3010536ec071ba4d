/** Who signs: a party's id and its long-lived key. */
import { type Bytes, type PartyId } from '@secagg/schema';

export interface Identity {
  readonly id: PartyId;
  /** Ed25519 seed, 32 bytes. */
  readonly secretKey: Bytes;
}
