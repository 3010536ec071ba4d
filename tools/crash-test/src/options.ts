/** Command-line arguments of the crash test. */
import { parseArgs } from 'node:util';

export interface CrashTestCommand {
  readonly help: boolean;
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

export const usage = `usage: npm run crash-test -- [options]

Rounds of a coordinator and six router-nodes, four of them a 2-of-4 committee, in real processes that are killed (SIGKILL) and
started again, at named points of their code and at arbitrary instants. Exit status 0: nothing was lost, nothing done twice.

  --kills N       kills drawn at random (500; 0 with --matrix)
  --matrix        one kill at every named point
  --seed S        the same seed draws the same kills (a random one, which is printed)
  --only TEXT     with --matrix: only points whose role and name contain TEXT
  --power-loss    a process that dies at a point also loses what it has not synced (needs strace)
  --list          print the named points, and nothing else
  --json FILE     write the report to FILE
  --verbose       a line for every kill
  --keep          keep databases and logs also without a failure`;

/** Throws RangeError or TypeError, with a message for the user, for arguments that make no sense. */
export function parseCommandLine(args: readonly string[]): CrashTestCommand {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string' },
      matrix: { type: 'boolean', default: false },
      seed: { type: 'string' },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      json: { type: 'string' },
      'power-loss': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const kills = values.kills ?? (values.matrix ? '0' : '500');
  if (!/^\d{1,9}$/.test(kills)) throw new RangeError('--kills must be a whole number from 0');
  if (values.only !== undefined && !values.matrix) throw new RangeError('--only goes with --matrix');
  const { help, matrix, seed = String(Date.now()), only, list, json, verbose, keep, 'power-loss': powerLoss } = values;
  return {
    help,
    matrix,
    seed,
    list,
    powerLoss,
    verbose,
    keep,
    kills: Number(kills),
    ...(only === undefined ? {} : { only }),
    ...(json === undefined ? {} : { json }),
  };
}
