import { z } from 'zod';

/**
 * Numbers of the signal. zod refuses NaN and the infinities by itself; negative zero is refused too, because it equals
 * zero everywhere except in an encoding, where it would give one meaning two forms.
 */
const notNegativeZero = (value: number): boolean => !Object.is(value, -0);
const negativeZero = { error: 'negative zero is not allowed' };

/** A finite number in [0, most]; without `most`, any finite number from 0. */
export const quantity = (most?: number) =>
  (most === undefined ? z.number().min(0) : z.number().min(0).max(most)).refine(notNegativeZero, negativeZero);

/** An integer in [least, most], `most` at most 2^53 - 1. */
export const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  z.int().min(least).max(most).refine(notNegativeZero, negativeZero);

/** ISO 8601 date and time with seconds and a zone (`Z` or an offset), at most 40 characters. */
export const isoTimestamp = z.iso.datetime({ offset: true }).max(40);
