/**
 * Whether time depends on secrets: dudect (Reparaz, Balasch, Verbauwhede 2017) over samplers and secret arithmetic. It
 * depends on the machine, so it is no part of `npm test`.
 *
 * Metric: Welch's t between the times of two classes of input, one fixed and random ones, measured in random order,
 * each time after the input was copied to the same place; of times above the 90th percentile of both classes together
 * nothing is kept, since they are interruptions. Verdict: an operation leaks when |t| is above 10 in three runs one
 * after another, with the same sign. Without a leak |t| is above 10 with a probability below 10^-20 if times are
 * independent; they are not quite, hence three runs. Positive control: a sampler that stops its scan at the first
 * larger entry has to be found to leak.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { cumulativeTable } from './gaussian';
import { Kernel, type KernelKind } from './kernel';
import { rlweParameters } from './parameters';
import { Ring } from './ring';

const MEASUREMENTS = 20_000;
const THRESHOLD = 10;
const RUNS = 3;
const N = 4096;

interface Operation {
  /** Draws an input; the class that does not vary has one of them. */
  readonly draw: () => Uint8Array;
  /** By default a drawn one; for samplers zeros, of which all samples are the shortest. */
  readonly fixed?: Uint8Array;
  /** Puts an input in its place. */
  readonly place: (input: Uint8Array) => void;
  readonly run: () => void;
}

function statistic({ draw, fixed = draw(), place, run }: Operation): number {
  const classes = Buffer.from(randomBytes(MEASUREMENTS)).map((byte) => byte & 1);
  // As many places for one class as for the other: caches must not tell them apart.
  const inputs = [Array.from({ length: 64 }, () => fixed.slice()), Array.from({ length: 64 }, draw)];
  const times = new Float64Array(MEASUREMENTS);
  for (let i = -500; i < MEASUREMENTS; i++) {
    place(inputs[classes[Math.max(i, 0)]][randomInt(64)]);
    const start = process.hrtime.bigint();
    run();
    const took = Number(process.hrtime.bigint() - start);
    if (i >= 0) times[i] = took;
  }
  const limit = times.slice().sort()[Math.floor(0.9 * MEASUREMENTS)];
  const [first, second] = [0, 1].map((wanted) => {
    const kept = [...times].filter((time, i) => classes[i] === wanted && time <= limit);
    const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
    const variance = kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1);
    return { mean, error: variance / kept.length };
  });
  return (first.mean - second.mean) / Math.sqrt(first.error + second.error);
}

/** Whether three runs agree that it leaks; the statistics of the runs there were. */
function leaks(operation: Operation): { leak: boolean; statistics: number[] } {
  const statistics: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    statistics.push(statistic(operation));
    const [first] = statistics;
    if (Math.abs(statistics[run]) <= THRESHOLD || Math.sign(statistics[run]) !== Math.sign(first))
      return { leak: false, statistics };
  }
  return { leak: true, statistics };
}

function operations(kind: KernelKind): Record<string, Operation> {
  const ring = new Ring(rlweParameters['rlwe-4096'], kind);
  const { kernel } = ring;
  const [{ p, negInverse }] = ring.moduli;
  const at = kernel.take(16 * N);
  const other = kernel.take(16 * N);
  const out = kernel.take(16 * N);
  const table = kernel.take(8 * 36);
  kernel.longs(table, 36).set(cumulativeTable().map((entry) => entry ^ (1n << 63n)));
  const place = (input: Uint8Array) => kernel.bytes(at, input.length).set(input);
  kernel.words(other, N).set(Uint32Array.from({ length: N }, () => randomInt(p)));
  const bytesOf = (words: Uint32Array | Int32Array | Float64Array) => new Uint8Array(words.buffer);
  const residues = () => bytesOf(Uint32Array.from({ length: N }, () => randomInt(p)));
  const small = () => bytesOf(Int32Array.from({ length: N }, () => randomInt(73) - 36));
  const plain = () => bytesOf(Float64Array.from({ length: N }, () => randomInt(2 ** 24) - 2 ** 23));
  const integers = kernel.take(16 * N);
  return {
    gaussian: {
      draw: () => new Uint8Array(randomBytes(8 * N + N / 8)),
      fixed: new Uint8Array(8 * N + N / 8),
      place,
      run: () => kernel.call.gaussian(out, at, N, table, 36),
    },
    lift: { draw: small, place, run: () => kernel.call.lift(out, at, N, p) },
    forward: { draw: residues, place, run: () => ring.forward(0, at) },
    inverse: { draw: residues, place, run: () => ring.inverse(0, at) },
    multiply: {
      draw: residues,
      place,
      run: () => kernel.call.multiply(out, at, other, N, p, negInverse),
    },
    add: { draw: residues, place, run: () => kernel.call.add(out, at, other, N, p) },
    join: { draw: plain, place, run: () => kernel.call.join(integers, at, N, 1, 25) },
    scaleUp: {
      draw: plain,
      place: (input) => {
        place(input);
        kernel.call.join(integers, at, N, 1, 25);
      },
      run: () => ring.scaleUp(0, out, integers, N, 78),
    },
  };
}

describe.each<KernelKind>(['simd', 'scalar'])('the %s kernel', (kind) => {
  it.each(Object.entries(operations(kind)))(
    'takes no time that depends on secrets: %s',
    (name, operation) => {
      const { leak, statistics } = leaks(operation);
      console.log(`${kind} ${name}: t = ${statistics.map((t) => t.toFixed(1)).join(', ')}`);
      expect(leak).toBe(false);
    },
    300_000,
  );
});

it('finds the leak of a sampler that stops at the first larger entry', () => {
  const kernel = new Kernel();
  const at = kernel.take(8 * N);
  const table = cumulativeTable().map((entry) => Number(entry >> 32n));
  let sum = 0;
  const { leak, statistics } = leaks({
    draw: () => new Uint8Array(randomBytes(4 * N)),
    fixed: new Uint8Array(4 * N),
    place: (input) => kernel.bytes(at, input.length).set(input),
    run: () => {
      const words = kernel.words(at, N);
      for (let i = 0; i < N; i++) {
        let magnitude = 0;
        while (magnitude < 36 && words[i] >= table[magnitude]) magnitude++;
        sum += magnitude;
      }
    },
  });
  expect(sum).toBeGreaterThan(0);
  expect({ leak, statistics }).toMatchObject({ leak: true });
}, 300_000);
