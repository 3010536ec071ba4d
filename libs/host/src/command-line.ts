/** Command line of a service: everything else is configuration. */
import { Command, CommanderError } from 'commander';
import { type z } from 'zod';
import { exitCodes } from './exit-codes';
import { startFault } from './fault-of';
import { HostFault } from './host-fault';
import { settingRows } from './settings/setting-rows';

export type Order = 'start' | 'check-config';

/** Runs a check; whatever it finds is a fault of the configuration, as `--check-config` promises. */
export async function checkingConfig(check: () => Promise<unknown>): Promise<void> {
  try {
    await check();
  } catch (error) {
    const { exitCode, message } = startFault(error);
    if (exitCode === exitCodes.software) throw error;
    throw new HostFault(exitCodes.config, message, { cause: error });
  }
}

export interface Service {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType;
}

/**
 * What a service is asked to do; undefined when it was only asked to say something, which it has said.
 * @param args without the names of interpreter and script
 * Throws a {@link HostFault} with status 64 for what it does not understand.
 */
export function orderOf(
  { name, description, schema }: Service,
  args: readonly string[],
  print: (text: string) => void,
): Order | undefined {
  const command = new Command(name)
    .description(
      `${description}\n\nConfigured by environment variables and a JSON file; docs/operations.md explains them.`,
    )
    .option('--check-config', 'say what is wrong with the configuration and its files, and end: status 0 or 78')
    .option('--settings', 'list all settings as JSON, and end')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: () => undefined })
    .addHelpText('after', () => `\nSettings:\n${settingRows(schema).map(lineOf).join('\n')}`);
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new HostFault(
      exitCodes.usage,
      `${error.message.replace(/^error: /, '').replace(/\s+/g, ' ')} (--help for the options)`,
    );
  }
  const { checkConfig, settings } = command.opts<{ checkConfig?: true; settings?: true }>();
  if (settings) {
    print(JSON.stringify(settingRows(schema), null, 2));
    return undefined;
  }
  return checkConfig ? 'check-config' : 'start';
}

const lineOf = ({ variable, field, default: value, description }: ReturnType<typeof settingRows>[number]): string =>
  `  ${variable || field}${value === '' ? '' : ` (${value === 'required' ? value : `default ${value}`})`}\n      ${description}`;
