/** Where proofs come from: a file, the standard input, or a service that keeps them. */
import { readFileSync } from 'node:fs';
import { parseServiceUrl } from '@secagg/client';

export const isUrl = (where: string): boolean => /^(https?:\/\/|unix:\/)/.test(where);

/**
 * Takes the URL of something that a service gives out apart: what stands before the API's own path is where the service
 * is.
 * @param own the API's path, at the end of the URL's
 * @returns undefined for `match` when nothing of the URL is of the API
 */
export function splitUrl(text: string, own: RegExp): { url: string; match: RegExpExecArray | undefined } {
  if (text.startsWith('unix:')) {
    const found = own.exec(text) ?? undefined;
    return { url: found === undefined ? text : text.slice(0, found.index), match: found };
  }
  const { prefix } = parseServiceUrl(text);
  const match = own.exec(prefix) ?? undefined;
  const url = new URL(text);
  url.pathname = match === undefined ? prefix : prefix.slice(0, match.index);
  return { url: url.href, match };
}

/** Bytes of a file; of the standard input for `-` or nothing. */
export const readProof = (where = '-'): Uint8Array => new Uint8Array(readFileSync(where === '-' ? 0 : where));
