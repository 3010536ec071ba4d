import { type z } from 'zod';
import { type Bytes, decodeCanonical, encodeCanonical, viewCanonical } from '../codec/canonical-cbor';
import { SecaggError } from '../problems';

/** One kind of wire message: its name (also the signature domain), its schema and its largest encoded size. */
export interface Message<T> {
  readonly type: string;
  readonly maxBytes: number;
  /** Its fields; byte strings are {@link Uint8Array}s. */
  readonly schema: z.ZodType<T>;
  encode(value: T): Bytes;
  /** Throws `too_large`, `malformed`, `not_canonical` or `invalid` (with the path of the first offending field). */
  decode(bytes: Bytes): T;
  /**
   * As `decode`, but the byte strings in what it returns are views of `bytes`, which must stay as they are. Whoever
   * keeps a small part for long keeps all of the bytes.
   */
  view(bytes: Bytes): T;
}

export interface MessageOptions {
  /**
   * Decoding the same array again gives the same, frozen value: for large documents that every step of a round looks
   * at. Whoever decodes must not modify the array afterwards.
   */
  readonly remember?: boolean;
}

export function defineMessage<T>(
  type: string,
  schema: z.ZodType<T>,
  maxBytes: number,
  options: MessageOptions = {},
): Message<T> {
  const check = (value: unknown): T => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    const path = issue.path.map(String).join('.');
    throw new SecaggError('invalid', `${type}${path ? `.${path}` : ''}: ${issue.message}`, { path });
  };
  const reading =
    (read: (bytes: Bytes) => unknown) =>
    (bytes: Bytes): T => {
      if (bytes.length > maxBytes) throw new SecaggError('too_large', `${type}: more than ${maxBytes} bytes`);
      return check(read(bytes));
    };
  const decode = reading(decodeCanonical);
  return {
    type,
    maxBytes,
    schema,
    encode: (value) => encodeCanonical(check(value)),
    decode: options.remember ? remembered(decode) : decode,
    view: reading(viewCanonical),
  };
}

function remembered<T>(decode: (bytes: Bytes) => T): (bytes: Bytes) => T {
  const known = new WeakMap<Bytes, { value: T }>();
  return (bytes) => {
    const held = known.get(bytes);
    if (held) return held.value;
    const value = decode(bytes);
    freeze(value);
    known.set(bytes, { value });
    return value;
  };
}

/** Deeply, except for byte strings, which cannot be frozen. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}
