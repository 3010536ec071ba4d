/**
 * Milliseconds since 1970 by the database's clock, in SQL: what leases are judged by, so that replicas need not agree
 * on the time.
 */
export const NOW_MS = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
