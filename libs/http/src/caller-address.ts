/** The address that limits per address count a request under. */
import { type IncomingMessage } from 'node:http';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/**
 * The address of the peer, or with proxies in front the one that the outermost trusted proxy saw: each appends the
 * address it was called from to X-Forwarded-For, and entries before those are the caller's own invention. An entry that
 * is no address counts as the proxy. An IPv6 address stands for its /64 network, which one caller has all of.
 * @param trustedProxies how many proxies of one's own stand in front, 0 for none
 */
export function callerAddress(request: Pick<IncomingMessage, 'headers' | 'socket'>, trustedProxies: number): string {
  // A Unix socket has no addresses.
  const peer = request.socket.remoteAddress ?? 'local';
  if (trustedProxies === 0) return network(peer);
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  // Fewer entries than proxies: the request came past some of them.
  return network(addressOf(forwarded.at(-trustedProxies) ?? '') ?? peer);
}

/**
 * Of `192.0.2.1`, `192.0.2.1:50001`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:50001`; undefined for anything
 * else.
 */
function addressOf(entry: string): string | undefined {
  if (isIPv6(entry)) return entry;
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(entry) ?? [];
  if (bracketed !== undefined) return isIPv6(bracketed) ? bracketed : undefined;
  return plain !== undefined && isIPv4(plain) ? plain : undefined;
}

function network(address: string): string {
  if (!isIPv6(address)) return address;
  // The platform writes it out in one form, also an IPv4 address that is mapped into IPv6.
  const { address: canonical } = new SocketAddress({ family: 'ipv6', address: address.split('%')[0] });
  if (canonical.startsWith('::ffff:') && canonical.includes('.')) return canonical.slice('::ffff:'.length);
  const [head, tail = ''] = canonical.split('::');
  const start = head === '' ? [] : head.split(':');
  const end = tail === '' ? [] : tail.split(':');
  const groups = canonical.includes('::')
    ? [...start, ...Array.from({ length: 8 - start.length - end.length }, () => '0'), ...end]
    : start;
  return `${groups.slice(0, 4).join(':')}::/64`;
}
