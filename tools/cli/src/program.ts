import { DpNoiseError } from '@secagg/dp-noise';
import { HostFault } from '@secagg/host';
import { SecaggError } from '@secagg/schema';
import { Command, CommanderError } from 'commander';
import { auditCommand } from './commands/audit';
import { backupCommand, restoreCommand } from './commands/backup';
import { budgetCommand } from './commands/budget';
import { decisionCommand } from './commands/decision';
import { epochCommand } from './commands/epoch';
import { evidenceCommand } from './commands/evidence';
import { fleetCommand } from './commands/fleet';
import { identityCommand } from './commands/identity';
import { namesCommand } from './commands/names';
import { priorsCommand } from './commands/priors';
import { privacyCommand } from './commands/privacy';
import { roundCommand } from './commands/round';
import { settingsCommand } from './commands/settings';
import { suspicionCommand } from './commands/suspicion';
import { type Output, Refusal, Usage } from './output';

const USAGE = 2;

/**
 * Runs one command line; returns the exit status: 0, 2 for a command line that cannot be meant, or 1 for whatever else
 * was refused or went wrong, with its code.
 */
export async function runCli(args: readonly string[], output: Output): Promise<number> {
  const program = new Command('secagg').description(
    'Secure aggregation of reward signals: fleets, rounds, audits, privacy figures',
  );
  const commands = [
    fleetCommand,
    identityCommand,
    epochCommand,
    roundCommand,
    auditCommand,
    decisionCommand,
    evidenceCommand,
    privacyCommand,
    budgetCommand,
    namesCommand,
    priorsCommand,
    suspicionCommand,
    backupCommand,
    restoreCommand,
    settingsCommand,
  ];
  for (const create of commands) program.addCommand(create(output));
  configure(program, output);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    output.err(describe(error));
    return error instanceof Usage ? USAGE : 1;
  }
}

/** Commander's settings do not reach subcommands that were made elsewhere. */
function configure(command: Command, output: Output): void {
  command
    .exitOverride()
    .showHelpAfterError('(--help for the options)')
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      writeErr: (text) => output.err(text.trimEnd()),
    });
  for (const child of command.commands) configure(child, output);
}

function describe(error: unknown): string {
  if (error instanceof SecaggError || error instanceof DpNoiseError) return `secagg: ${error.code}: ${error.message}`;
  if (error instanceof Refusal || error instanceof HostFault || isSystemError(error)) return `secagg: ${error.message}`;
  return `secagg: ${error instanceof Error ? error.stack : String(error)}`;
}

const isSystemError = (error: unknown): error is Error =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;
