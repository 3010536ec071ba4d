/** Trace and span ids: bytes in protobuf, hexadecimal text in JSON. */

/** Lower-case hexadecimal digits; undefined where there is none, or one of zeros, which stands for none. */
export function hexId(value: unknown): string | undefined {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  return typeof text === 'string' && /^[0-9a-f]{16}([0-9a-f]{16})?$/i.test(text) && !/^0+$/.test(text)
    ? text.toLowerCase()
    : undefined;
}
