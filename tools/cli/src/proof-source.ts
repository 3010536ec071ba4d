/** Where proofs come from: a file, the standard input, or a service that keeps them. */
import { readFileSync } from 'node:fs';

export const isUrl = (where: string): boolean => /^https?:\/\//.test(where);

/** Bytes of a file; of the standard input for `-` or nothing. */
export const readProof = (where = '-'): Uint8Array => new Uint8Array(readFileSync(where === '-' ? 0 : where));
