/**
 * Names of models and tasks at a router-node: which of its waiting observations rounds take, and what aliases would
 * change.
 */
import { readFileSync } from 'node:fs';
import { type Aliases, type NameReport } from '@secagg/client';
import { Command } from 'commander';
import { type Output, printJson, Refusal } from '../output';
import { serviceUrl } from '../parse';
import { tokenFile, withRouterNode } from '../router-node';

const WHY: Readonly<Record<NameReport['keys'][number]['verdict'], string>> = {
  listed: 'in the catalogue',
  unknown_model: 'the catalogue has no such model',
  unknown_task: 'the catalogue has the model, and no such task',
  unknown_pair: 'the catalogue has the model and the task, not together',
  no_catalogue: 'no catalogue is known yet',
  no_key: 'does not make a key: a task holds no ":"',
};

export function namesCommand(output: Output): Command {
  return new Command('names')
    .description('which waiting observations of a router-node are in the catalogue, which are not, and why')
    .argument('<url>', 'the router-node', serviceUrl)
    .option(
      '--aliases <file>',
      'as if they were renamed by the aliases of this file (SECAGG_ALIASES_FILE); nothing is changed',
    )
    .addOption(tokenFile())
    .option('--json', 'as JSON')
    .action(async (url: string, { aliases, tokenFile: token, json }: NamesOptions) => {
      const rules = aliases === undefined ? undefined : readAliases(aliases);
      const report = await withRouterNode(url, token, (node) => (rules ? node.tryAliases(rules) : node.names()));
      if (json) printJson(output, report);
      else for (const line of linesOf(report)) output.out(line);
    });
}

interface NamesOptions {
  aliases?: string;
  tokenFile?: string;
  json?: true;
}

function readAliases(path: string): Aliases {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Aliases;
  } catch (error) {
    throw new Refusal(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : 'unknown error'}`);
  }
}

function linesOf({ catalogue, listed, unlisted, keys }: NameReport): string[] {
  const known = { announced: 'of the last round', planned: "of the coordinator's plan: no round was announced yet" };
  return [
    `catalogue: ${catalogue === null ? 'not known yet' : known[catalogue]}`,
    `waiting observations: ${listed} in the catalogue, ${unlisted} not`,
    ...keys.map(({ key, waiting, counts_as: name, verdict, nearest }) =>
      [
        `${String(waiting).padStart(9)}  ${key}`,
        ...(name === key ? [] : [`counts as ${name}`]),
        WHY[verdict],
        ...(nearest === undefined ? [] : [`perhaps ${nearest} is meant`]),
      ].join(', '),
    ),
  ];
}
