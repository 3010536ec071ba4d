/** Field kinds shared by the wire messages; each states its range. */
import { z } from 'zod';
import type { ClusterHash, EpochNumber, MemberIndex, PartyId, RoundNumber, SubsetMask } from '../ids';

export const protocolVersion = 1;
export const version = z.literal(protocolVersion);

export const maxCommittee = 30;
export const maxPieces = 256;

/** A byte string, in the description of a message. */
const byteString = (description: string) => ({ type: 'string', format: 'binary', description }) as const;

/** A byte string of exactly `length` bytes. */
export const bytesOf = (length: number) =>
  z
    .custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length, `must be ${length} bytes`)
    .meta(byteString(`${length} bytes`));

/** A byte string of at most `max` bytes. */
export const bytesUpTo = (max: number) =>
  z
    .custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= max, `must be at most ${max} bytes`)
    .meta(byteString(`at most ${max} bytes`));

export const digest = bytesOf(32);
export const signature = bytesOf(64);

export const integer = (min: number, max: number) => z.int().min(min).max(max);
export const timeMs = integer(0, 253402300799999);

const branded = <T>(schema: z.ZodType<unknown>) => schema as z.ZodType<T>;
export const partyId = branded<PartyId>(
  z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 . _ -'),
);
export const fleetId = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 . _ -');
export const clusterHash = branded<ClusterHash>(
  z.string().regex(/^[0-9a-f]{16,64}$/, 'must be 16 to 64 hexadecimal characters'),
);
export const roundNumber = branded<RoundNumber>(integer(1, Number.MAX_SAFE_INTEGER));
export const epochNumber = branded<EpochNumber>(integer(1, Number.MAX_SAFE_INTEGER));
export const memberIndex = branded<MemberIndex>(integer(0, maxCommittee - 1));
export const subsetMask = branded<SubsetMask>(integer(0, 2 ** maxCommittee - 1));
export const groupIndex = integer(0, 1023);

export const sealingSuiteId = z.enum(['hpke-x25519-sha256-aes256gcm', 'hpke-xwing-sha256-aes256gcm']);
export const cipherSuiteId = z.enum(['pad', 'rlwe-2048', 'rlwe-4096']);
export const privacyUnit = z.enum(['router', 'request']);

/** Strictly increasing strings: sorted and without duplicates, by UTF-16 code units. */
export const isStrictlyIncreasing = (values: readonly string[]) =>
  values.every((value, i) => i === 0 || values[i - 1] < value);
export const sortedIds = (max: number) =>
  z.array(partyId).max(max).refine(isStrictlyIncreasing, 'must be sorted, without duplicates');
