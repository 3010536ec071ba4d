/** The environment variables of the CLI itself; services list theirs with `--settings`. */
import { settingRows } from '@secagg/host';
import { Command } from 'commander';
import { type Output, printJson } from '../output';
import { cliSchema, cliVariables } from '../settings';

export const settingsCommand = (output: Output): Command =>
  new Command('settings')
    .description('list the environment variables that secagg itself reads')
    .action(() => printJson(output, settingRows(cliSchema, cliVariables)));
