/** Backups of the services' databases, on the machine that they run on. */
import { rhoToBudgetUnits } from '@secagg/dp-noise';
import { Command, InvalidArgumentError } from 'commander';
import { backUpPostgres } from '../backup/back-up-postgres';
import { makeBackup } from '../backup/make-backup';
import { type PostgresUrl, postgresUrl } from '../backup/postgres-url';
import { type Assumed, checkAssumed, restoreBackup } from '../backup/restore-backup';
import { restorePostgres } from '../backup/restore-postgres';
import { type Output, printJson, Usage } from '../output';
import { count, nonNegative } from '../parse';
import { cliSettings } from '../settings';

export const backupCommand = (output: Output): Command =>
  new Command('backup')
    .description(
      'write one consistent state of a coordinator or a router-node to a file, while it runs or not; never votes or epoch secrets',
    )
    .usage('<dataDir> <file>  |  backup --postgres <file>')
    .argument('<paths...>', 'data directory of the service, and where to write the backup, with mode 0600')
    .option(
      '--postgres',
      "of coordinators on PostgreSQL: their database, which DATABASE_URL names in the environment; needs PostgreSQL's pg_dump on PATH",
    )
    .action(async (paths: string[], { postgres }: { postgres?: true }) => {
      if (postgres) return printJson(output, await backUpPostgres(database(), ...exactly(['file'], paths)));
      return printJson(output, makeBackup(...exactly(['dataDir', 'file'], paths), Date.now()));
    });

export const restoreCommand = (output: Output): Command =>
  new Command('restore')
    .description(
      'put a backup into an empty data directory or database; the service makes up for what it has forgotten when it starts',
    )
    .usage('<file> <dataDir>  |  restore --postgres <file>')
    .argument('<paths...>', 'made by secagg backup, and data directory of the service')
    .option(
      '--postgres',
      "of coordinators on PostgreSQL: into the empty database that DATABASE_URL names in the environment; needs PostgreSQL's pg_restore on PATH",
    )
    .option(
      '--assume-spent-rho <rho>',
      'of a router-node: what was spent at most since the backup (default: its whole budget)',
      nonNegative,
    )
    .option(
      '--assume-rounds <count>',
      'of a coordinator: how many rounds a cluster has had at most since the backup (default: as many as there can have been in the time since)',
      roundsAtMost,
    )
    .action(
      async (
        paths: string[],
        { postgres, assumeSpentRho, assumeRounds }: { postgres?: true; assumeSpentRho?: number; assumeRounds?: number },
      ) => {
        const assumed: Assumed = {
          ...(assumeSpentRho === undefined ? {} : { units: roundedUp(assumeSpentRho) }),
          ...(assumeRounds === undefined ? {} : { rounds: assumeRounds }),
        };
        if (postgres) {
          checkAssumed('coordinator', assumed);
          const [file] = exactly(['file'], paths);
          return printJson(output, await restorePostgres(file, database(), assumed));
        }
        const [file, dataDir] = exactly(['file', 'dataDir'], paths);
        return printJson(output, restoreBackup(file, dataDir, assumed));
      },
    );

/** Parties follow no larger step of round numbers. */
const MOST_ROUNDS = 1_000_000;
const roundsAtMost = (text: string): number => {
  const rounds = count(text);
  if (rounds > MOST_ROUNDS) throw new InvalidArgumentError(`It must be at most ${MOST_ROUNDS}.`);
  return rounds;
};

const database = (): PostgresUrl => postgresUrl({ ...process.env, DATABASE_URL: cliSettings(process.env).databaseUrl });

/** The paths, when there are as many as names. */
function exactly<const Names extends readonly string[]>(
  names: Names,
  paths: readonly string[],
): { [Name in keyof Names]: string } {
  if (paths.length !== names.length)
    throw new Usage(
      `expected ${names.map((name) => `<${name}>`).join(' ')}, found ${paths.length} (--help for the options)`,
    );
  return paths as { [Name in keyof Names]: string };
}

/** In the ledger's units. */
const roundedUp = (rho: number): number => (rho === 0 ? 0 : rhoToBudgetUnits(rho) + 1);
