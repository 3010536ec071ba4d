/** The address that limits per address count a request under. */
import { isIPv6 } from 'node:net';
import { type IncomingMessage } from 'node:http';

/**
 * The address of the peer, or with proxies in front the one that the outermost trusted proxy saw: each appends the address it was called
 * from to X-Forwarded-For, and whatever stands before those entries is the caller's own invention.
 * An IPv6 address stands for its /64 network, which one caller has all of.
 * @param trustedProxies how many proxies of one's own stand in front, 0 for none
 */
export function callerAddress(request: Pick<IncomingMessage, 'headers' | 'socket'>, trustedProxies: number): string {
  const peer = request.socket.remoteAddress ?? 'unknown';
  if (trustedProxies === 0) return network(peer);
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  // Fewer entries than proxies: the request came past some of them.
  return network(forwarded.at(-trustedProxies) ?? peer);
}

function network(address: string): string {
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
  if (!isIPv6(plain)) return plain;
  const [head, tail = ''] = plain.toLowerCase().split('%')[0].split('::');
  const start = head === '' ? [] : head.split(':');
  const end = tail === '' ? [] : tail.split(':');
  const groups = plain.includes('::')
    ? [...start, ...Array.from({ length: Math.max(0, 8 - start.length - end.length) }, () => '0'), ...end]
    : start;
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
