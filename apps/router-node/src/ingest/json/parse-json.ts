/** JSON text from bytes, with the refusals of a request body. */
import { SecaggError } from '@secagg/schema';

/** Without a byte order mark, which some systems put in front. */
export function decodeText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new SecaggError('malformed', 'the body is not UTF-8');
  }
}

export function parseJson(text: string, what: string, details: Record<string, unknown> = {}): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SecaggError('malformed', `${what} is no JSON`, details);
  }
}
