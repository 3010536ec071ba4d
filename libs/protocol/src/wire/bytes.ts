/** Byte strings compared, and written for people and as keys of maps. */
import { type Bytes } from '@secagg/schema';

export const sameBytes = (a: Bytes, b: Bytes): boolean => a.length === b.length && Buffer.compare(a, b) === 0;
export const hex = (bytes: Bytes): string => Buffer.from(bytes).toString('hex');
