/** How fast the kernels of the lattice suites are, beside the time that moving their bytes takes. */
import { randomBytes, randomInt } from 'node:crypto';
import { type LatticeKernel, latticeKernel } from '@secagg/crypto';
import { type Note } from './bench';

const REPETITIONS = 301;

/**
 * Median microseconds of each kernel over an element of 4096 coefficients; throws when the kernels do not undo each
 * other.
 */
export function kernelFigures(): Note[] {
  const kernel = latticeKernel('rlwe-4096');
  check(kernel);
  return Object.entries(kernel.operations).flatMap(([name, { run, bytes }]) => {
    const from = randomBytes(bytes);
    const to = Buffer.alloc(bytes);
    return [
      { name: `kernel_${name}_us`, value: median(run), unit: 'us' },
      { name: `kernel_${name}_memory_floor_us`, value: median(() => to.set(from)), unit: 'us' },
    ];
  });
}

function check({ degree, input, operations: { forward, inverse } }: LatticeKernel): void {
  const words = input();
  const before = words.map(() => randomInt(2 ** 25));
  words.set(before);
  forward.run();
  if (words.every((word, i) => word === before[i])) throw new Error('the transform does nothing');
  inverse.run();
  if (words.length !== degree || words.some((word, i) => word !== before[i]))
    throw new Error('the transforms do not undo each other');
}

function median(run: () => unknown): number {
  const times = Array.from({ length: REPETITIONS }, () => {
    const start = process.hrtime.bigint();
    run();
    return Number(process.hrtime.bigint() - start) / 1000;
  });
  return times.sort((a, b) => a - b)[REPETITIONS >> 1];
}
