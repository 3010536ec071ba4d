/** Command-line arguments of the simulator. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { pieces, suiteNames } from '@secagg/crypto';
import { type RoundConfig } from '@secagg/schema';
import { type RoutingOptions } from './routing/scenario';
import { canTellThreads } from './thread/thread-clock';

export interface SimulationOptions {
  /** Routers invited. */
  readonly routers: number;
  /** Words of a vector; rounded up to what whole keys make. */
  readonly dimension: number;
  /** Share of the invited routers, in [0, 1), that vanish after the announcement. */
  readonly dropout: number;
  readonly suite: RoundConfig['suite'];
  readonly committee: { readonly size: number; readonly threshold: number };
  readonly groups: number;
  /** Per group; undefined: half of the contributions a group has on average. */
  readonly minParticipants?: number;
  readonly requestsPerRouter: number;
  /** zCDP cost of a round. */
  readonly rho: number;
  readonly unsafeNoNoise: boolean;
  /** Rounds run one after another in one epoch; figures are medians over them. */
  readonly rounds: number;
  /** 2: a second thread plays half of the routers and members. */
  readonly threads: 1 | 2;
  /** Makes everything repeatable, keys and noise included; undefined: randomness of the operating system. */
  readonly seed?: string;
}

export interface CommandLine {
  readonly help: boolean;
  readonly json?: string;
  readonly scenario: 'protocol' | 'routing';
  readonly simulation: SimulationOptions;
  readonly routing: RoutingOptions;
}

export const usage = `usage: npm run simulate -- [options]

  --routers N        routers invited (300)
  --dimension D      words of a vector (1024), rounded up to whole keys of 3, 5 or 7 fields
  --dropout P        share of the routers that vanish after the announcement (0)
  --suite S          cipher suite: pad, or rlwe-2048 or rlwe-4096 for long vectors (pad)
  --committee M      members (7)              --threshold T     members needed to open a sum (3)
  --groups G         groups opened apart (1)  --min-participants K   per group (half of what is to be expected)
  --requests R       requests a router has seen (50)
  --rho X            privacy cost of a round (0.1)
  --unsafe-no-noise  no differential privacy noise
  --rounds K         rounds in one process; figures are medians (1)
  --threads T        1 or 2 (2 from 2000 routers on, where the system tells CPU times of threads)
  --seed S           UNSAFE repeatable randomness for everything, keys included
  --json FILE        write the figures to FILE
  --scenario routing   regret of routing by local, federated and pooled knowledge; takes --routers (50), --rounds (12),
                       --requests of a router in a round (40), --worlds (3),
                       --seed and --json. With --input FILE it plays real outcomes again, with options of its own:
                       --scenario routing --input FILE --help
  --scenario accuracy  accuracy against epsilon on given requests; its own options: --scenario accuracy --help`;

/** From here on a simulation is worth a second thread. */
const LARGE = 2000;

/** Throws RangeError or TypeError, with a message for the user, for arguments that make no sense. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      routers: { type: 'string' },
      dimension: { type: 'string', default: '1024' },
      dropout: { type: 'string', default: '0' },
      suite: { type: 'string', default: 'pad' },
      committee: { type: 'string', default: '7' },
      threshold: { type: 'string', default: '3' },
      groups: { type: 'string', default: '1' },
      'min-participants': { type: 'string' },
      requests: { type: 'string' },
      rho: { type: 'string', default: '0.1' },
      'unsafe-no-noise': { type: 'boolean', default: false },
      rounds: { type: 'string' },
      threads: { type: 'string' },
      worlds: { type: 'string', default: '3' },
      seed: { type: 'string' },
      json: { type: 'string' },
      scenario: { type: 'string', default: 'protocol' },
      help: { type: 'boolean', default: false },
    },
  });
  const { scenario } = values;
  if (scenario !== 'protocol' && scenario !== 'routing')
    throw new RangeError(`there is no scenario ${scenario}: leave it out or use routing`);
  const committee = {
    size: integer('committee', values.committee, 1, 30),
    threshold: integer('threshold', values.threshold, 1, 15),
  };
  pieces(committee.size, committee.threshold);
  const defaults =
    scenario === 'routing'
      ? { routers: '50', rounds: '12', requests: '40' }
      : { routers: '300', rounds: '1', requests: '50' };
  const routers = integer('routers', values.routers ?? defaults.routers, committee.size, 1_000_000);
  const rounds = integer('rounds', values.rounds ?? defaults.rounds, 1, 1000);
  const requestsPerRouter = integer('requests', values.requests ?? defaults.requests, 0, 1000);
  return {
    help: values.help,
    json: values.json,
    scenario,
    simulation: {
      routers,
      dimension: integer('dimension', values.dimension, 1, 458_752),
      suite: suite(values.suite),
      dropout: real('dropout', values.dropout, 0, 0.999),
      committee,
      groups: integer('groups', values.groups, 1, 1024),
      minParticipants:
        values['min-participants'] === undefined
          ? undefined
          : integer('min-participants', values['min-participants'], 1, routers),
      requestsPerRouter,
      rho: real('rho', values.rho, 1e-6, 1e3),
      unsafeNoNoise: values['unsafe-no-noise'],
      rounds,
      threads: integer(
        'threads',
        values.threads ?? (routers >= LARGE && canTellThreads() && availableParallelism() > 1 ? '2' : '1'),
        1,
        2,
      ) as 1 | 2,
      seed: values.seed,
    },
    routing: {
      routers,
      rounds,
      requestsPerRouter: Math.max(1, requestsPerRouter),
      seed: values.seed,
      worlds: integer('worlds', values.worlds, 1, 100),
    },
  };
}

function suite(name: string): SimulationOptions['suite'] {
  if (!suiteNames.includes(name)) throw new RangeError(`there is no suite ${name}: use ${suiteNames.join(' or ')}`);
  return name as SimulationOptions['suite'];
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`--${name} must be an integer from ${least} to ${most}, not ${text}`);
}

function real(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (value >= least && value <= most) return value;
  throw new RangeError(`--${name} must be a number from ${least} to ${most}, not ${text}`);
}
