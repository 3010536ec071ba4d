/** Branded identifiers: mixing up a round and an epoch number must not compile. */
declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** 1 to 64 characters of a-z, 0-9, '-', '_' and '.', starting with a letter or digit. */
export type PartyId = Brand<string, 'PartyId'>;
/** Cluster hash: 16 to 64 lower-case hexadecimal characters. */
export type ClusterHash = Brand<string, 'ClusterHash'>;
/** Round number within a cluster: integer from 1, increasing. */
export type RoundNumber = Brand<number, 'RoundNumber'>;
/** Epoch number within a fleet: integer from 1, increasing, gaps allowed. */
export type EpochNumber = Brand<number, 'EpochNumber'>;
/** Index of a committee member in its epoch certificate: 0 to m-1. */
export type MemberIndex = Brand<number, 'MemberIndex'>;
/** Subset of the committee as a bit mask over member indices. */
export type SubsetMask = Brand<number, 'SubsetMask'>;

/** Source of random bytes: the operating system's CSPRNG outside tests. */
export type RandomBytes = (length: number) => Uint8Array;
