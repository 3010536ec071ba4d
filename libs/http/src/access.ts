/**
 * Who may call at all: requests for another host, requests of foreign web pages, and callers without the token are
 * refused.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { SecaggError } from '@secagg/schema';

export interface Access {
  /** Names that the Host header may have besides those of loopback and IP addresses; `*` allows all. */
  readonly allowedHosts: readonly string[];
  /** What `Authorization: Bearer` must carry; undefined where everybody may call. */
  readonly token?: string;
}

/** What a service listens on by name it may be called by. */
export const accessOf = (
  { host, allowedHosts }: { readonly host: string; readonly allowedHosts: readonly string[] },
  token?: string,
): Access => ({ allowedHosts: [host, ...allowedHosts], ...(token === undefined ? {} : { token }) });

type Headers = IncomingMessage['headers'];

/**
 * Throws `foreign_request`. A web page anywhere can make a browser on this machine send requests here: by its own name
 * once that resolves to this address (DNS rebinding), which the Host header shows, or across origins, which Origin and
 * Sec-Fetch-Site show.
 */
export function refuseForeign({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>, access: Access): void {
  // Browsers always send one; some health checkers speak HTTP/1.0 and do not.
  const host = headers.host?.toLowerCase();
  if (host !== undefined && !isAllowedHost(hostnameOf(host), access.allowedHosts))
    throw new SecaggError(
      'foreign_request',
      'the Host header is no name that this service may be called by: allowedHosts (SECAGG_ALLOWED_HOSTS) lists them',
    );
  if (headers.origin !== undefined && originHost(headers.origin) !== host)
    throw new SecaggError('foreign_request', 'the request comes from a web page of another origin');
  if (!isOwnSite(method, headers))
    throw new SecaggError('foreign_request', 'the request comes from a web page of another site');
}

/** Throws `bad_token`. */
export function requireToken(headers: Headers, { token }: Pick<Access, 'token'>): void {
  if (token === undefined) return;
  const [, given] = /^bearer +([^ ]+) *$/i.exec(headers.authorization ?? '') ?? [];
  if (given === undefined) throw new SecaggError('bad_token', 'the request carries no bearer token');
  // Digests have one length, so that comparing takes the same time whatever was given.
  if (!timingSafeEqual(digest(given), digest(token))) throw new SecaggError('bad_token', 'the bearer token is another');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Without the port, and without the brackets of an IPv6 address. */
const hostnameOf = (host: string): string => withoutDot(host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'));

/** An absolute name ends with one. */
const withoutDot = (name: string): string => name.replace(/\.$/, '');

/** Rebinding needs a name of the attacker's: an address or `localhost` is none. */
const isAllowedHost = (hostname: string, allowed: readonly string[]): boolean =>
  isLoopbackName(hostname) ||
  isIP(hostname) !== 0 ||
  allowed.some((name) => name === '*' || withoutDot(name.toLowerCase()) === hostname);

/** Browsers take these for loopback without asking anybody. */
const isLoopbackName = (hostname: string): boolean => hostname === 'localhost' || hostname.endsWith('.localhost');

const originHost = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);

function isOwnSite(method: string | undefined, headers: Headers): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return true;
  // A link that somebody follows: the page that holds it does not see the answer.
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate';
}
