/** The kernels of a set, one by one, for benchmarks. */
import { randomBytes } from 'node:crypto';
import { gaussian } from './gaussian';
import { rlweParameters, type RlweSuiteName } from './parameters';
import { Ring } from './ring';

interface KernelOperation {
  readonly run: () => void;
  /** Bytes that it reads once or writes once, at the least: half of those that a copy of them moves. */
  readonly bytes: number;
}

export interface LatticeKernel {
  readonly degree: number;
  /** What `forward` and `inverse` transform in place, modulo the first prime. */
  readonly input: () => Uint32Array;
  readonly operations: Readonly<
    Record<'forward' | 'inverse' | 'multiply' | 'gaussian' | 'scale_up' | 'pack' | 'unpack', KernelOperation>
  >;
}

/** Operations on one element modulo one prime. */
export function latticeKernel(suite: RlweSuiteName): LatticeKernel {
  const ring = new Ring(rlweParameters[suite]);
  const { kernel, degree } = ring;
  const [{ p }] = ring.moduli;
  const [a, b, out, packed] = [4, 4, 4, 4].map((width) => kernel.take(width * degree));
  const integers = kernel.take(16 * degree);
  const source = new Uint8Array(randomBytes(8 * degree + degree / 8));
  const words = 4 * degree;
  return {
    degree,
    input: () => kernel.words(a, degree),
    operations: {
      forward: { run: () => ring.forward(0, a), bytes: words },
      inverse: { run: () => ring.inverse(0, a), bytes: words },
      multiply: { run: () => ring.multiply(0, out, a, b), bytes: 1.5 * words },
      gaussian: {
        run: () => kernel.scoped(() => void gaussian(kernel, degree, () => source.slice())),
        bytes: (source.length + words) / 2,
      },
      scale_up: { run: () => ring.scaleUp(0, out, integers, degree, 28), bytes: 2.5 * words },
      pack: { run: () => kernel.call.pack(packed, a, degree), bytes: (words + (13 * degree) / 4) / 2 },
      unpack: { run: () => void kernel.call.unpack(out, packed, degree, p), bytes: (words + (13 * degree) / 4) / 2 },
    },
  };
}
