/** The field `router` of a signed header, as it stands in a contribution: a CBOR text of 6 bytes. */
const FIELD = Buffer.from([0x66, ...Buffer.from('router')]);
/** Longest party id, and so the longest text that is read. */
const LONGEST = 64;

/**
 * Whose contribution it says it is, before anything of it is checked; undefined where it does not say. Found in the
 * bytes without decoding them, which would take as long as many of the checks: whoever writes something else there is
 * counted under that.
 */
export function claimedRouter(body: Buffer): string | undefined {
  const at = body.indexOf(FIELD);
  if (at < 0) return undefined;
  const head = body[at + FIELD.length];
  // A CBOR text of up to 23 bytes has its length in the first byte, a longer one in the second.
  const short = head >= 0x60 && head <= 0x77;
  if (!short && head !== 0x78) return undefined;
  const length = short ? head - 0x60 : body[at + FIELD.length + 1];
  const start = at + FIELD.length + (short ? 1 : 2);
  return length <= LONGEST ? body.toString('latin1', start, start + length) : undefined;
}
