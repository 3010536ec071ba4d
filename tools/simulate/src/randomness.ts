/** Where the simulator's randomness comes from, and how a router's noise is found again to check the opened sum. */
import { type RandomBytes } from '@secagg/schema';
import { random, unsafeSeededRandom } from '@secagg/testbed/random';

/**
 * UNSAFE: passes randomness on and can keep a copy of it. A router wipes its noise, as it must; drawing it once more
 * from the same bytes is the only way to know what the sum has to be.
 */
export class UnsafeRecorder {
  private record: Uint8Array[] | undefined;

  /** @param seed repeatable randomness; without one, the operating system's */
  constructor(seed?: string) {
    this.source = seed === undefined ? random : unsafeSeededRandom(seed);
  }

  private readonly source: RandomBytes;

  readonly random: RandomBytes = (length) => {
    const bytes = this.source(length);
    this.record?.push(Uint8Array.from(bytes));
    return bytes;
  };

  /** Runs `draw` and returns what it gave, with a source that hands out the bytes it consumed once more, in order. */
  recording<T>(draw: () => T): { result: T; again: RandomBytes } {
    const record: Uint8Array[] = [];
    this.record = record;
    try {
      const result = draw();
      let next = 0;
      return { result, again: (length) => replayed(record[next++], length) };
    } finally {
      this.record = undefined;
    }
  }
}

function replayed(bytes: Uint8Array | undefined, length: number): Uint8Array {
  if (bytes?.length !== length) throw new Error('randomness is asked for in another order than it was recorded');
  return Uint8Array.from(bytes);
}
