/** Command-line arguments of the scenario `accuracy`. */
import { parseArgs } from 'node:util';

export interface AccuracyOptions {
  /** CSV file of routed requests, one a row. */
  readonly input: string;
  /** Row i of the input goes to router i mod `routers`. */
  readonly routers: number;
  /**
   * The unit `router` is also tried on a fleet this many times larger, whose routers see what those of the small one
   * see; 1: not.
   */
  readonly copies: number;
  readonly repetitions: number;
  /** What the operator expects a router to send in a round, in requests: for the clipping norm of the unit `router`. */
  readonly expectedRequests: number;
  /** Repeatable randomness, keys included; undefined: the operating system's. */
  readonly seed?: string;
  readonly json?: string;
  readonly markdown?: string;
  readonly svg?: string;
}

export const accuracyUsage = `usage: npm run simulate -- --scenario accuracy --input FILE [options]

  --input FILE         CSV with the columns model, task, success, latency_s, cost_usd, context_tokens, generated_tokens
  --routers N          row i goes to router i mod N (40)
  --copies K           the unit router also on a fleet of N times K routers (25; 1: not)
  --repetitions R      rounds per figure (10; 1 on the large fleet)
  --expected-requests  of a router in a round, as its operator plans (550)
  --seed S             UNSAFE repeatable randomness for everything, keys included
  --json FILE          write the figures to FILE
  --markdown FILE      write the tables into FILE, between its markers if it has them
  --svg FILE           write the plot to FILE`;

/** Whether the arguments ask for this scenario: it has options of its own. */
export const isAccuracy = (args: readonly string[]): boolean =>
  args.some((arg, i) => arg === '--scenario=accuracy' || (arg === '--scenario' && args[i + 1] === 'accuracy'));

/**
 * `help` where that is asked for. Throws RangeError or TypeError, with a message for the user, for arguments that make
 * no sense.
 */
export function parseAccuracyOptions(args: readonly string[]): AccuracyOptions | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: text,
      input: text,
      seed: text,
      json: text,
      markdown: text,
      svg: text,
      help: { type: 'boolean', default: false },
      routers: { ...text, default: '40' },
      copies: { ...text, default: '25' },
      repetitions: { ...text, default: '10' },
      'expected-requests': { ...text, default: '550' },
    },
  });
  const { input, seed, json, markdown, svg } = values;
  if (values.help) return 'help';
  if (input === undefined) throw new RangeError('--scenario accuracy needs --input FILE');
  return {
    input,
    seed,
    json,
    markdown,
    svg,
    routers: integer('routers', values.routers, 4, 10_000),
    copies: integer('copies', values.copies, 1, 1000),
    repetitions: integer('repetitions', values.repetitions, 1, 1000),
    expectedRequests: integer('expected-requests', values['expected-requests'], 1, 1_000_000),
  };
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`--${name} must be an integer from ${least} to ${most}, not ${text}`);
}
