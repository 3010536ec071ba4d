/** Shows inputs to targets and sees to it that nothing but coded problems comes of them. */
import { type Bytes, SecaggError } from '@secagg/schema';
import { UnsafeDraw } from '@secagg/testbed/random';
import { fingerprint } from './fingerprint';
import { type Target } from './targets/target';

export interface Finding {
  readonly target: string;
  /** Number of the input at its target: with the seed, it can be made again. */
  readonly index: number;
  /** Hexadecimal. */
  readonly input: string;
  readonly problem: string;
}

export interface TargetReport {
  readonly target: string;
  inputs: number;
  accepted: number;
  /** Refusals by code. */
  readonly refused: Record<string, number>;
  slowestMs: number;
  slowestIndex: number;
}

export interface FuzzOptions {
  readonly seed: string;
  /** An input that takes longer is a finding: something a peer can slow a role down with. */
  readonly slowMs: number;
  /**
   * Told before every input, first of its number and then what it is, so that somebody else can say what was under way
   * when nothing comes back.
   */
  readonly onInput?: (index: number, input: Bytes) => void;
}

const NONE = new Uint8Array();

/**
 * Fingerprints cost more than inputs, so a state is looked at after so many; a change is then traced to one of them.
 */
const STATE_EVERY = 256;

/** Inputs `from` to `to` - 1 of a target. Stops at its first finding. */
export function fuzzTarget(
  target: Target,
  from: number,
  to: number,
  { seed, slowMs, onInput }: FuzzOptions,
): { report: TargetReport; finding?: Finding } {
  const report: TargetReport = {
    target: target.name,
    inputs: 0,
    accepted: 0,
    refused: {},
    slowestMs: 0,
    slowestIndex: from,
  };
  const stateNow = () => (target.state ? fingerprint(target.state()) : '');
  const before = stateNow();
  for (let index = from; index < to; index++) {
    onInput?.(index, NONE);
    const input = target.make(new UnsafeDraw(`${seed} ${target.name} ${index}`));
    onInput?.(index, input);
    const found = (problem: string) => ({
      report,
      finding: { target: target.name, index, input: Buffer.from(input).toString('hex'), problem },
    });
    const copy = input.slice();
    const started = performance.now();
    try {
      target.run(input);
      report.accepted++;
    } catch (error) {
      if (!(error instanceof SecaggError))
        return found(error instanceof Error ? (error.stack ?? error.message) : String(error));
      if (error.code === 'internal') return found(`internal: ${error.message}`);
      report.refused[error.code] = (report.refused[error.code] ?? 0) + 1;
    }
    const ms = performance.now() - started;
    report.inputs++;
    if (ms > report.slowestMs) Object.assign(report, { slowestMs: ms, slowestIndex: index });
    if (ms > slowMs) return found(`took ${Math.round(ms)} ms`);
    if (Buffer.compare(copy, input) !== 0) return found('the input was changed');
    if (
      target.state &&
      ((index - from) % STATE_EVERY === STATE_EVERY - 1 || index === to - 1) &&
      stateNow() !== before
    ) {
      return found(`the state changed at one of the inputs from ${Math.max(from, index - STATE_EVERY + 1)} to here`);
    }
  }
  return { report };
}

/** How many inputs each target gets of a total. */
export function shares(targets: readonly Target[], total: number): number[] {
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0);
  return targets.map(({ weight }) => Math.ceil((total * weight) / weights));
}
