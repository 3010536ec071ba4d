import { tolerance } from '@secagg/crypto';
import { numberBetween, oneOf, toolCommand, wholeNumber } from '@secagg/testbed/command-line';
import { type Command } from 'commander';

export interface DemoOptions {
  readonly routers: number;
  readonly committee: number;
  readonly threshold: number;
  /** Routers killed after the announcement; non-members first. */
  readonly drop: number;
  readonly dropCommittee: number;
  readonly dropCommitteeAt: 'announce' | 'answer';
  readonly minParticipants: number;
  /** Routers whose noise is not counted on: corrupt committee members, which are routers too, and others. */
  readonly assumedColluders: number;
  readonly input?: string;
  readonly epsilon: number;
  readonly delta: number;
  readonly rounds: number;
  readonly unsafeNoNoise: boolean;
  readonly out?: string;
  readonly transcript?: string;
  readonly keep: boolean;
}

function command(): Command {
  return toolCommand(
    'demo',
    'One coordinator and several router-node processes on this machine: a committee set-up and a round of secure aggregation over HTTP.',
  )
    .option('--routers <n>', 'router-node processes', wholeNumber(1, 200), 7)
    .option('--committee <m>', 'committee members, the first routers', wholeNumber(1, 30), 4)
    .option('--threshold <t>', 'members that could open a vector together', wholeNumber(1, 30), 2)
    .option('--drop <n>', 'routers killed after the announcement, non-members first', wholeNumber(0, 200), 0)
    .option('--drop-committee <n>', 'committee members killed', wholeNumber(0, 30), 0)
    .option(
      '--drop-committee-at <when>',
      'announce: after the announcement; answer: between their votes and their answers',
      oneOf('announce', 'answer'),
      'announce',
    )
    .option(
      '--min-participants <n>',
      'fewest contributions that are opened (default: two thirds of the routers, at most those that are left)',
      wholeNumber(1, 200),
    )
    .option(
      '--assumed-colluders <n>',
      'routers assumed to collude or to add no noise, besides the t-1 committee members that may (default: 1 where two honest ones are left)',
      wholeNumber(0, 200),
    )
    .option(
      '--input <file>',
      'observations, .csv, .jsonl or .json; row i goes to router i mod R (default: generated traffic)',
    )
    .option('--epsilon <e>', 'privacy cost of one round, per request', numberBetween(0, 1000), 1)
    .option('--delta <d>', 'at which epsilon is meant', numberBetween(0, 0.5), 1e-6)
    .option('--rounds <n>', 'rounds, each with its share of the rows', wholeNumber(1, 1000), 1)
    .option('--unsafe-no-noise', 'no noise and no privacy: the aggregate equals the truth', false)
    .option('--out <file>', 'write the result as JSON')
    .option('--transcript <folder>', 'write the published transcript of the last round')
    .option('--keep', 'leave all processes running', false);
}

/** Throws CommanderError, after having said what is wrong. */
export function parseOptions(args: readonly string[]): DemoOptions {
  const program = command();
  const given = program.parse([...args], { from: 'user' }).opts<
    Omit<DemoOptions, 'minParticipants' | 'assumedColluders'> & {
      minParticipants?: number;
      assumedColluders?: number;
    }
  >();
  const refuse = (message: string) => program.error(`error: ${message}`);
  const { routers, committee, threshold, drop, dropCommittee } = given;
  if (committee > routers) refuse(`a committee of ${committee} needs at least as many routers`);
  if (committee < 2 * threshold - 1)
    refuse(`a committee with threshold ${threshold} needs at least ${2 * threshold - 1} members`);
  if (dropCommittee > committee) refuse('more committee members to drop than there are');
  const killed = drop + dropCommittee;
  if (killed >= routers) refuse('no router would be left');
  // A member killed later has contributed by then.
  const left = routers - (given.dropCommitteeAt === 'announce' ? killed : drop);
  try {
    tolerance(committee, threshold);
  } catch (error) {
    refuse(error instanceof Error ? error.message : 'no such committee');
  }
  // Members are routers of the cluster. Rounds without noise have none to count on.
  const corrupt = given.unsafeNoNoise ? 0 : threshold - 1;
  const minParticipants = given.minParticipants ?? Math.max(corrupt + 1, Math.min(left, Math.ceil((2 * routers) / 3)));
  const others = given.assumedColluders ?? (!given.unsafeNoNoise && minParticipants - corrupt > 2 ? 1 : 0);
  const assumedColluders = corrupt + others;
  if (assumedColluders >= minParticipants)
    refuse(
      `of ${minParticipants} participants, ${corrupt} corrupt committee members and ${others} others would be assumed to add no noise: no honest router would be left (--min-participants, --threshold, --assumed-colluders)`,
    );
  return { ...given, minParticipants, assumedColluders };
}
