/**
 * A point in time in whatever unit it comes: the units of times since 1970 lie a factor of 1000 apart, so that each
 * tells itself.
 */
import { asNumber } from '../fields';

/** 2001 to 2286 in seconds. */
const EARLIEST = 1e9;
const LATEST = 1e10;
const UNITS = [1, 1e3, 1e6, 1e9] as const;

/** Python writes a space, and no zone for what it holds as UTC. */
const DATE = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;
const ZONE = /(Z|[+-]\d\d:?\d\d)$/i;

/**
 * Seconds since 1970 of a number of seconds, milliseconds, microseconds or nanoseconds, or of a date; undefined for
 * anything else.
 */
export function epochSeconds(value: unknown): number | undefined {
  if (typeof value === 'string' && DATE.test(value)) {
    const text = value.trim().replace(' ', 'T');
    const milliseconds = Date.parse(ZONE.test(text) ? text : `${text}Z`);
    return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
  }
  const number = asNumber(value);
  if (number === undefined) return undefined;
  const unit = UNITS.find((each) => number / each >= EARLIEST && number / each < LATEST);
  return unit === undefined ? undefined : number / unit;
}
