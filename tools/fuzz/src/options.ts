/** Command-line arguments of the fuzzer. */
import { numberFrom, toolCommand, wholeNumber } from '@secagg/testbed/command-line';

export interface FuzzCommand {
  readonly inputs: number;
  readonly seed: string;
  readonly json?: string;
  readonly slow: number;
  /** Share of the inputs that go to the HTTP routes. */
  readonly routes: number;
  /** Only targets whose name has this in it. */
  readonly only?: string;
  readonly from: number;
}

const command = () =>
  toolCommand(
    'fuzz',
    'Mutated messages for every decoder, every role and every HTTP route: only coded problems may come of them.',
  )
    .option('--inputs <n>', 'inputs over all targets', wholeNumber(1, 1e9), 1_000_000)
    .option('--seed <s>', 'the same seed gives the same inputs (default: a random one, which is printed)')
    .option(
      '--routes <p>',
      'share of the inputs that go over HTTP to a coordinator and a router-node',
      numberFrom(0, 1),
      0.05,
    )
    .option('--only <text>', 'only targets whose name contains this')
    .option(
      '--from <i>',
      'number of the first input of every target: with --only and --inputs, a finding alone',
      wholeNumber(0, 1e9),
      0,
    )
    .option('--slow <ms>', 'an input that takes longer is a finding', numberFrom(1, 600_000), 5000)
    .option('--json <file>', 'write the report as JSON');

/** Throws CommanderError, after having said what is wrong. */
export function parseCommandLine(args: readonly string[]): FuzzCommand {
  const given = command()
    .parse([...args], { from: 'user' })
    .opts<Omit<FuzzCommand, 'seed'> & { seed?: string }>();
  return { ...given, seed: given.seed ?? String(Date.now()) };
}
