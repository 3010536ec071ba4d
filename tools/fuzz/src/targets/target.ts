/** Something that takes messages from a peer. */
import { type Bytes } from '@secagg/schema';
import { type UnsafeDraw } from '@secagg/testbed/random';

export interface Target {
  readonly name: string;
  /** Share of all inputs, relative to the other targets'. */
  readonly weight: number;
  make(draw: UnsafeDraw): Bytes;
  /** Takes one input. Throws a SecaggError to refuse it; anything else that comes out is a finding. */
  run(input: Bytes): void;
  /**
   * What no input may change, whether refused or not: roles return what is to be done and leave the doing to their
   * caller.
   */
  readonly state?: () => unknown;
}

/** A property that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
