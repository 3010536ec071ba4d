/** Command-line arguments of the fuzzer. */
import { parseArgs } from 'node:util';

export interface FuzzCommand {
  readonly help: boolean;
  readonly inputs: number;
  readonly seed: string;
  readonly json?: string;
  readonly slowMs: number;
  /** Share of the inputs that go to the HTTP routes. */
  readonly routeShare: number;
  /** Only targets whose name has this in it. */
  readonly only?: string;
  readonly from: number;
}

export const usage = `usage: npm run fuzz -- [options]

Mutated messages for every decoder, every role and every HTTP route: only coded problems may come of them.

  --inputs N      inputs over all targets (1000000)
  --seed S        the same seed gives the same inputs (a random one, which is printed)
  --routes P      share of the inputs that go over HTTP to a coordinator and a router-node (0.05)
  --only TEXT     only targets whose name contains TEXT
  --from I        number of the first input of every target (0): with --only and --inputs, a finding alone
  --slow MS       an input that takes longer is a finding (5000)
  --json FILE     write the report to FILE`;

/** Throws RangeError or TypeError, with a message for the user, for arguments that make no sense. */
export function parseCommandLine(args: readonly string[]): FuzzCommand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      inputs: { type: 'string', default: '1000000' },
      seed: { type: 'string' },
      routes: { type: 'string', default: '0.05' },
      only: { type: 'string' },
      from: { type: 'string', default: '0' },
      slow: { type: 'string', default: '5000' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    inputs: number('inputs', values.inputs, 1, 1e9),
    seed: values.seed ?? String(Date.now()),
    routeShare: number('routes', values.routes, 0, 1),
    from: number('from', values.from, 0, 1e9),
    slowMs: number('slow', values.slow, 1, 600_000),
    ...(values.only === undefined ? {} : { only: values.only }),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}

function number(name: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= min && value <= max)) throw new RangeError(`--${name} must be a number from ${min} to ${max}`);
  return value;
}
