/**
 * Limits of the HTTP interface in the configuration file: what is taken on at once, from whom, and how long it may
 * take.
 */
import { z } from 'zod';

const count = (min: number, max: number) => z.int().min(min).max(max);
const MIB = 1024 * 1024;

const about = (description: string) => ({ description });

const fields = {
  connections: count(1, 1_000_000)
    .default(20_000)
    .meta(about('open connections, of which a waiting router holds one; those above are closed')),
  requestsAtWork: count(1, 100_000)
    .default(256)
    .meta(
      about(
        'requests whose body is there and whose reply waits for its turn and the disk: the queue. Seats, reports, votes, answers and requests of operators join it however long it is: rounds wait for them',
      ),
    ),
  bodyBytes: count(MIB, 16_384 * MIB)
    .default(64 * MIB)
    .meta(about('bytes of bodies that are being read or worked on')),
  waits: count(1, 1_000_000).default(20_000).meta(about('long polls at once')),
  waitsPerAddress: count(1, 1_000_000).default(10_000).meta(about('long polls of one address at once')),
  waitsPerRouter: count(1, 10_000).default(8).meta(about('long polls of one router, as it calls itself, at once')),
  perAddressPerSecond: count(1, 1_000_000)
    .default(2000)
    .meta(about('requests of one address a second. An IPv6 caller counts as its /64')),
  perAddressBurst: count(1, 10_000_000).default(10_000).meta(about('requests of one address at once')),
  perRouterPerSecond: count(1, 1_000_000)
    .default(50)
    .meta(about('requests of one router, as it calls itself, from one address, a second')),
  perRouterBurst: count(1, 10_000_000)
    .default(500)
    .meta(about('requests of one router, as it calls itself, from one address, at once')),
  rememberedCallers: count(1, 10_000_000)
    .default(50_000)
    .meta(about('addresses, and routers, that are counted; the table grows no further')),
  trustedProxies: count(0, 10)
    .default(0)
    .meta(
      about("proxies of one's own in front, each of which appends the address it was called from to X-Forwarded-For"),
    ),
  retryAfterMostMs: count(1000, 3_600_000)
    .default(120_000)
    .meta(about('longest wait that a refused caller is asked for')),
  keepAliveMs: count(1000, 86_400_000)
    .default(620_000)
    .meta(
      about(
        'how long an idle connection is kept: longer than the proxy in front keeps its own, or it meets connections that are being closed',
      ),
    ),
  headersTimeoutMs: count(100, 600_000).default(10_000).meta(about('how long the head of a request may take')),
  bodyGraceMs: count(100, 600_000)
    .default(10_000)
    .meta(about('a body may take this long, and its length over bodyBytesPerSecond')),
  bodyBytesPerSecond: count(1, 1024 * MIB)
    .default(32 * 1024)
    .meta(about('slowest body that is waited for, in bytes a second')),
  requestTimeoutMs: count(100, 600_000)
    .default(30_000)
    .meta(about('how long a reply may take from the whole request on, besides what it asked to wait')),
};

type Fields = typeof fields;
export type Limits = { readonly [Name in keyof Fields]: z.output<Fields[Name]> };

/** @param defaults of an app, where they differ from those here */
export function limitsSchema(defaults: Partial<Limits> = {}) {
  const changed = Object.entries(defaults).map(([name, value]) => [name, fields[name as keyof Limits].default(value)]);
  return z.strictObject({ ...fields, ...(Object.fromEntries(changed) as Partial<Fields>) }).prefault({});
}
