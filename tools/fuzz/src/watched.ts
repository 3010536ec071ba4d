/**
 * Fuzzing in a thread of its own: a loop that does not end cannot be interrupted from within, and memory without bounds
 * ends the thread and not the report. The thread writes down each input before it shows it to its target.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type Finding, fuzzTarget, shares, type TargetReport } from './fuzz';
import { createTargets } from './targets';
import { createWorld } from './world';

export interface ThreadWork {
  readonly seed: string;
  readonly inputs: number;
  readonly slowMs: number;
  readonly only?: string;
  readonly from: number;
  /** Of `threads`, each takes every target, and its part of the numbers. */
  readonly thread: number;
  readonly threads: number;
}

interface Shared {
  /** Inputs begun, and the length of the one under way. */
  readonly progress: SharedArrayBuffer;
  readonly input: SharedArrayBuffer;
}

type Message = { readonly target: string } | { readonly report: TargetReport; readonly finding?: Finding };

const MAX_INPUT = 4 * 1024 * 1024;
const MEMORY_MB = 1024;

/** Runs in the thread. */
export function runThread(): void {
  const {
    seed,
    inputs,
    slowMs,
    only,
    from,
    thread,
    threads,
    progress,
    input: copy,
  } = workerData as ThreadWork & Shared;
  const counters = new Int32Array(progress);
  const bytes = new Uint8Array(copy);
  const targets = createTargets(createWorld(seed)).filter(({ name }) => only === undefined || name.includes(only));
  const counts = shares(targets, inputs);
  targets.forEach((target, i) => {
    const start = from + Math.floor((counts[i] * thread) / threads);
    const end = from + Math.floor((counts[i] * (thread + 1)) / threads);
    parentPort?.postMessage({ target: target.name } satisfies Message);
    const onInput = (index: number, input: Uint8Array) => {
      const kept = input.subarray(0, MAX_INPUT);
      bytes.set(kept);
      Atomics.store(counters, 1, kept.length);
      Atomics.store(counters, 2, index);
      Atomics.add(counters, 0, 1);
    };
    parentPort?.postMessage({ ...fuzzTarget(target, start, end, { seed, slowMs, onInput }) } satisfies Message);
  });
}

/**
 * Starts a thread and waits for its end, which it is not given more than `hangMs` after any input to come closer to.
 */
export function watchThread(
  script: URL,
  work: ThreadWork,
  hangMs: number,
  onReport: (report: TargetReport, finding?: Finding) => void,
): Promise<Finding[]> {
  const shared: Shared = { progress: new SharedArrayBuffer(12), input: new SharedArrayBuffer(MAX_INPUT) };
  const counters = new Int32Array(shared.progress);
  const findings: Finding[] = [];
  let target = 'setup';
  const found = (problem: string): Finding => ({
    target,
    index: Atomics.load(counters, 2),
    problem,
    input: Buffer.from(new Uint8Array(shared.input).subarray(0, Atomics.load(counters, 1))).toString('hex'),
  });
  return new Promise((resolve) => {
    const worker = new Worker(script, {
      workerData: { ...work, ...shared },
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    const end = () => {
      clearInterval(watchdog);
      resolve(findings);
    };
    let [before, since] = [-1, Date.now()];
    const watchdog = setInterval(() => {
      const done = Atomics.load(counters, 0);
      if (done !== before) [before, since] = [done, Date.now()];
      else if (Date.now() - since > hangMs) {
        findings.push(found(`no end after ${hangMs} ms`));
        void worker.terminate();
      }
    }, 500);
    worker.on('message', (message: Message) => {
      if ('target' in message) target = message.target;
      else {
        if (message.finding) findings.push(message.finding);
        onReport(message.report, message.finding);
      }
    });
    worker.on('error', (error) =>
      findings.push(found(error instanceof Error ? (error.stack ?? error.message) : String(error))),
    );
    worker.on('exit', end);
  });
}
