/** Command-line arguments of the crash test. */
import { toolCommand, wholeNumber } from '@secagg/testbed/command-line';

export interface CrashTestCommand {
  /** Kills drawn at random. */
  readonly kills: number;
  /** Every named point once. */
  readonly matrix: boolean;
  readonly seed: string;
  /** Only points whose role and name have this in them. */
  readonly only?: string;
  readonly json?: string;
  readonly list: boolean;
  /** Processes that die at a point lose what they have not synced. */
  readonly powerLoss: boolean;
  readonly verbose: boolean;
  readonly keep: boolean;
}

const command = () =>
  toolCommand(
    'crash-test',
    'Rounds of a coordinator and six router-nodes, four of them a 2-of-4 committee, in real processes that are killed (SIGKILL) and started again, at named points of their code and at arbitrary instants. Exit status 0: nothing was lost, nothing done twice.',
  )
    .option('--kills <n>', 'kills drawn at random (default: 500; 0 with --matrix)', wholeNumber(0, 999_999_999))
    .option('--matrix', 'one kill at every named point', false)
    .option('--seed <s>', 'the same seed draws the same kills (default: a random one, which is printed)')
    .option('--only <text>', 'with --matrix: only points whose role and name contain this')
    .option('--power-loss', 'a process that dies at a point also loses what it has not synced (needs strace)', false)
    .option('--list', 'print the named points, and nothing else', false)
    .option('--json <file>', 'write the report as JSON')
    .option('--verbose', 'a line for every kill', false)
    .option('--keep', 'keep databases and logs also without a failure', false);

/** Throws CommanderError, after having said what is wrong. */
export function parseCommandLine(args: readonly string[]): CrashTestCommand {
  const program = command().parse([...args], { from: 'user' });
  const given = program.opts<Omit<CrashTestCommand, 'kills' | 'seed'> & { kills?: number; seed?: string }>();
  if (given.only !== undefined && !given.matrix) program.error('error: --only goes with --matrix');
  return { ...given, kills: given.kills ?? (given.matrix ? 0 : 500), seed: given.seed ?? String(Date.now()) };
}
