/**
 * Where a service is: `http(s)://[user:password@]host[:port][/prefix]`, as behind a proxy that serves several things,
 * or `unix:/path/of/socket`.
 */
import { SecaggError } from '@secagg/schema';

export interface ServiceUrl {
  /** Scheme, host and port. */
  readonly origin: string;
  /** The Unix socket that it listens on. */
  readonly socketPath?: string;
  /** Path that stands before all others, without a slash at its end; often empty. */
  readonly prefix: string;
  /** Value of the header that the credentials are sent in. */
  readonly authorization?: string;
  /** The URL without credentials: what may be logged and shown. */
  readonly shown: string;
}

/** Throws `invalid`, which never repeats the text: any part of a mistyped URL may be of a password. */
export function parseServiceUrl(text: string): ServiceUrl {
  const refuse = (why: string): never => {
    throw new SecaggError('invalid', why);
  };
  if (/[\s\p{Cc}]/u.test(text)) refuse('a URL has no white space in it');
  const socketPath = /^unix:(\/.+)$/.exec(text)?.[1];
  if (socketPath !== undefined) return { origin: 'http://localhost', socketPath, prefix: '', shown: text };
  const url = URL.canParse(text) ? new URL(text) : refuse('must be a URL such as https://host:8400/prefix');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') refuse('must be an http:// or https:// URL');
  // Without the slashes the parser still takes what follows for a host.
  if (!/^https?:\/\/[^/]/i.test(text)) refuse('must be a URL such as https://host:8400/prefix');
  if (text.includes('#')) refuse('a service has no fragment (#) in its URL');
  if (text.includes('?')) refuse('a service has no query (?) in its URL');
  const prefix = url.pathname.replace(/\/+$/, '');
  const authorization = authorizationOf(url, refuse);
  return {
    origin: url.origin,
    prefix,
    ...(authorization === undefined ? {} : { authorization }),
    shown: url.origin + prefix,
  };
}

/** Basic authentication (RFC 7617). */
function authorizationOf({ username, password }: URL, refuse: (why: string) => never): string | undefined {
  if (username === '' && password === '') return undefined;
  const decoded = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      return refuse('user and password have to be percent-encoded');
    }
  };
  const user = decoded(username);
  const secret = decoded(password);
  if (user.includes(':') || /\p{Cc}/u.test(user + secret))
    refuse('a user has no colon, and neither user nor password a control character');
  return `Basic ${Buffer.from(`${user}:${secret}`, 'utf8').toString('base64')}`;
}
