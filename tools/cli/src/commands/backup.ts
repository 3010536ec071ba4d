/** Backups of the services' databases, on the machine that they run on. */
import { rhoToBudgetUnits } from '@secagg/dp-noise';
import { Command } from 'commander';
import { makeBackup } from '../backup/make-backup';
import { restoreBackup } from '../backup/restore-backup';
import { type Output, printJson } from '../output';
import { nonNegative } from '../parse';

export const backupCommand = (output: Output): Command =>
  new Command('backup')
    .description('write one consistent state of a coordinator or a router-node to a file, while it runs or not; never votes or epoch secrets')
    .argument('<dataDir>', 'data directory of the service')
    .argument('<file>', 'where to write it, with mode 0600')
    .action((dataDir: string, file: string) => printJson(output, makeBackup(dataDir, file, Date.now())));

export const restoreCommand = (output: Output): Command =>
  new Command('restore')
    .description('put a backup into an empty data directory; a router-node makes up for what it has forgotten when it starts')
    .argument('<file>', 'made by secagg backup')
    .argument('<dataDir>', 'data directory of the service')
    .option('--assume-spent-rho <rho>', 'of a router-node: what was spent at most since the backup (default: its whole budget)', nonNegative)
    .action((file: string, dataDir: string, options: { assumeSpentRho?: number }) =>
      printJson(output, restoreBackup(file, dataDir, options.assumeSpentRho === undefined ? undefined : roundedUp(options.assumeSpentRho))),
    );

/** In the ledger's units. */
const roundedUp = (rho: number): number => (rho === 0 ? 0 : rhoToBudgetUnits(rho) + 1);
