import { type z } from 'zod';
import { type Bytes, decodeCanonical, encodeCanonical } from '../codec/canonical-cbor';
import { SecaggError } from '../problems';

/** One kind of wire message: its name (also the signature domain), its schema and its largest encoded size. */
export interface Message<T> {
  readonly type: string;
  readonly maxBytes: number;
  encode(value: T): Bytes;
  /** Throws `too_large`, `malformed`, `not_canonical` or `invalid` (with the path of the first offending field). */
  decode(bytes: Bytes): T;
}

export function defineMessage<T>(type: string, schema: z.ZodType<T>, maxBytes: number): Message<T> {
  const check = (value: unknown): T => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    const path = issue.path.map(String).join('.');
    throw new SecaggError('invalid', `${type}${path ? `.${path}` : ''}: ${issue.message}`, { path });
  };
  return {
    type,
    maxBytes,
    encode: (value) => encodeCanonical(check(value)),
    decode: (bytes) => {
      if (bytes.length > maxBytes) throw new SecaggError('too_large', `${type}: more than ${maxBytes} bytes`);
      return check(decodeCanonical(bytes));
    },
  };
}
