/** Command-line arguments of the scenario `routing` on given outcomes. */
import { parseArgs } from 'node:util';
import { type ReplayOptions } from './report';

export interface ReplayCommand {
  readonly options: ReplayOptions;
  readonly inputs: readonly string[];
  /** Files that are played with coarser tasks, after the others. */
  readonly coarse: readonly string[];
  readonly json?: string;
  readonly markdown?: string;
  readonly svg?: string;
}

export const replayUsage = `usage: npm run simulate -- --scenario routing --input FILE [options]

  --input FILE         CSV of real outcomes; may be given several times. With a column prompt: prompt, task, model, score, input_tokens,
                       output_tokens, cost_usd, a row for every prompt and model. Otherwise: model, task, success, latency_s, cost_usd,
                       context_tokens, generated_tokens
  --routers N          (40), of which a tenth joins at half-time
  --rounds K           (6)
  --requests R         of a router in a round (40)
  --success-worth USD  what a success is worth beside its cost (0.1)
  --worlds W           fleets and requests drawn afresh, for means and standard errors (5)
  --coarse FILE        as --input, its tasks cut at their first underscore; may be given several times
  --seed S             UNSAFE repeatable randomness for everything, keys included
  --json FILE          write all figures to FILE
  --markdown FILE      write the tables into FILE, between its markers if it has them
  --svg FILE           write the plot to FILE`;

/** Whether the arguments ask for outcomes of a file: that has options of its own. */
export const isReplay = (args: readonly string[]): boolean =>
  args.some((arg, i) => arg === '--scenario=routing' || (arg === '--scenario' && args[i + 1] === 'routing')) &&
  args.some((arg) => arg === '--input' || arg.startsWith('--input='));

/**
 * `help` where that is asked for. Throws RangeError or TypeError, with a message for the user, for arguments that make
 * no sense.
 */
export function parseReplayCommand(args: readonly string[]): ReplayCommand | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: text,
      input: { ...text, multiple: true, default: [] },
      coarse: { ...text, multiple: true, default: [] },
      seed: text,
      json: text,
      markdown: text,
      svg: text,
      help: { type: 'boolean', default: false },
      routers: { ...text, default: '40' },
      rounds: { ...text, default: '6' },
      requests: { ...text, default: '40' },
      worlds: { ...text, default: '5' },
      'success-worth': { ...text, default: '0.1' },
    },
  });
  if (values.help) return 'help';
  const { input: inputs, coarse, json, markdown, svg } = values;
  const worth = Number(values['success-worth']);
  if (!(worth > 0 && worth <= 1e6))
    throw new RangeError(`--success-worth must be a number above 0, at most 1000000, not ${values['success-worth']}`);
  return {
    inputs,
    coarse,
    json,
    markdown,
    svg,
    options: {
      routers: integer('routers', values.routers, 5, 10_000),
      rounds: integer('rounds', values.rounds, 2, 1000),
      requests: integer('requests', values.requests, 1, 1000),
      worlds: integer('worlds', values.worlds, 1, 100),
      successWorthUsd: worth,
      seed: values.seed,
    },
  };
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`--${name} must be an integer from ${least} to ${most}, not ${text}`);
}
