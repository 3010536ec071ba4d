import { type RandomBytes, SecaggError } from '@secagg/schema';

/**
 * UNSAFE, for test vectors only: "randomness" that hands out the given byte strings in order, so that a seal can be
 * repeated bit for bit. Sealing two messages with the same bytes gives away the difference of the plaintexts and the
 * means to forge.
 *
 * @throws SecaggError `internal` when asked for a length other than that of the next byte string, or once they are used
 * up
 */
export function unsafeReplayRandom(...recorded: readonly Uint8Array[]): RandomBytes {
  let next = 0;
  return (length) => {
    const bytes = recorded[next++];
    if (bytes?.length !== length) {
      throw new SecaggError(
        'internal',
        `recorded randomness ${next} has ${bytes?.length ?? 'no'} bytes where ${length} are wanted`,
      );
    }
    return bytes.slice();
  };
}
