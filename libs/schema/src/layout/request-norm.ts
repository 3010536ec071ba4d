import { fieldMagnitude, type FieldSpec } from './fields';

/** Smallest integer whose square is at least n >= 0. */
function ceilSqrt(n: bigint): bigint {
  let root = BigInt(Math.floor(Math.sqrt(Number(n))));
  while (root * root < n) root++;
  while (root > 0n && (root - 1n) * (root - 1n) >= n) root--;
  return root;
}

/**
 * Smallest integer at least the L2 norm of every vector one request can send, in units: the sensitivity Delta_2 of the
 * privacy unit `request`. Exact (squares pass 2^53); at most sqrt(7) * 2^44.
 */
export function requestNorm(layout: { readonly fields: readonly FieldSpec[] }): number {
  return Number(ceilSqrt(layout.fields.reduce((sum, field) => sum + BigInt(fieldMagnitude(field)) ** 2n, 0n)));
}
