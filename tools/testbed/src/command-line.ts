/**
 * Command lines of the tools: options through commander, with `--help`; status 2 for a command line that makes no
 * sense.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander';

const wanted = (what: string): never => {
  throw new InvalidArgumentError(`It must be ${what}.`);
};

export const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= least && value <= most
    ? value
    : wanted(`a whole number from ${least} to ${most}`);
};

export const numberFrom = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  return text.trim() !== '' && value >= least && value <= most ? value : wanted(`a number from ${least} to ${most}`);
};

/** Without the bounds themselves. */
export const numberBetween = (low: number, high: number) => (text: string) => {
  const value = Number(text);
  return text.trim() !== '' && value > low && value < high ? value : wanted(`a number between ${low} and ${high}`);
};

export const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (text: string): T =>
    choices.find((choice) => choice === text) ?? wanted(choices.join(' or '));

/** A command that throws CommanderError, after having said what is wrong. */
export const toolCommand = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .allowExcessArguments(false)
    .exitOverride()
    .showHelpAfterError('(--help for the options)');

/** Parses, then runs. @returns the exit status */
export async function runTool<Options, Status>(
  parse: () => Options,
  run: (options: Options) => Promise<Status> | Status,
): Promise<Status | 0 | 2> {
  let options: Options;
  try {
    options = parse();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return run(options);
}
