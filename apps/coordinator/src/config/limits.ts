/** Limits of the HTTP interface in the configuration file: what is taken on at once, from whom, and how long it may take. */
import { z } from 'zod';

const count = (min: number, max: number) => z.int().min(min).max(max);
const MIB = 1024 * 1024;

export const limitsSchema = z
  .strictObject({
    /** Open connections; those above are closed as they come. A waiting router holds one. */
    connections: count(1, 1_000_000).default(20_000),
    requestsAtWork: count(1, 100_000).default(256),
    bodyBytes: count(MIB, 16_384 * MIB).default(64 * MIB),
    waits: count(1, 1_000_000).default(20_000),
    waitsPerAddress: count(1, 1_000_000).default(10_000),
    waitsPerRouter: count(1, 10_000).default(8),
    perAddressPerSecond: count(1, 1_000_000).default(2000),
    perAddressBurst: count(1, 10_000_000).default(10_000),
    perRouterPerSecond: count(1, 1_000_000).default(50),
    perRouterBurst: count(1, 10_000_000).default(500),
    rememberedCallers: count(1, 10_000_000).default(50_000),
    /** Proxies of one's own in front, each of which appends to X-Forwarded-For. */
    trustedProxies: count(0, 10).default(0),
    retryAfterMostMs: count(1000, 3_600_000).default(120_000),
    /** For the head of a request. */
    headersTimeoutMs: count(100, 600_000).default(10_000),
    /** A body may take this long, and longer by what it has in bytes over `bodyBytesPerSecond`. */
    bodyGraceMs: count(100, 600_000).default(10_000),
    bodyBytesPerSecond: count(1, 1024 * MIB).default(32 * 1024),
    /** From the whole request to its reply, besides what it asked to wait. */
    requestTimeoutMs: count(100, 600_000).default(30_000),
  })
  .prefault({});

export type Limits = z.infer<typeof limitsSchema>;
