/** The bound C of the privacy unit `router`, from what an operator knows before any data is looked at. */
import { type FieldSpec, requestNorm } from '@secagg/schema';

/** Room for traffic that is not spread evenly over the catalogue. */
export const UNEVENNESS = 1.5;

/**
 * C for routers that are expected to send R requests a round over a catalogue of K keys, in the layout's units.
 *
 * Spread evenly, every key gets R/K requests, each of norm at most `requestNorm`, so the vector has norm at most
 * requestNorm * R/K * sqrt(K). Real traffic prefers some keys, which lengthens the vector, and requests do not all
 * point the same way, which shortens it; `UNEVENNESS` covers the difference. R and K are a plan and a catalogue, not
 * data: a C taken from the data would itself have to be private.
 */
export function routerClipNorm(fields: readonly FieldSpec[], keys: number, expectedRequests: number): number {
  return Math.ceil((UNEVENNESS * requestNorm({ fields }) * expectedRequests) / Math.sqrt(keys));
}
