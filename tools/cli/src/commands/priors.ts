/**
 * Priors out of a router-node: as a pack that others can check, or in the form that another router takes
 * (docs/priors.md, "Packs").
 */
import { writeFileSync } from 'node:fs';
import { type PriorsPack, type TaskMapping, toLitellm, toSemanticRouter } from '@secagg/client';
import { taskSchema } from '@secagg/schema';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { replaceFile } from '../files';
import { type Output, Refusal } from '../output';
import { readJson, readPack } from '../priors-pack';
import { isUrl } from '../proof-source';
import { serviceUrl } from '../parse';
import { tokenFile, withRouterNode } from '../router-node';
import { verifyPriorsCommand } from './priors-verify';

const FORMATS = ['json', 'litellm-adaptive', 'semantic-router'] as const;

interface ExportOptions {
  format: (typeof FORMATS)[number];
  map?: string;
  includeOwn?: true;
  out?: string;
  tokenFile?: string;
}

export const priorsCommand = (output: Output): Command =>
  new Command('priors')
    .description('what a router-node believes of models, for other routers')
    .addCommand(exportCommand(output))
    .addCommand(verifyPriorsCommand(output));

function exportCommand(output: Output): Command {
  return new Command('export')
    .description('write priors as a pack, or for another router; from published rounds alone unless told otherwise')
    .argument('<url or file>', 'a router-node, or a pack that was exported from one')
    .addOption(new Option('--format <format>', 'form of the file').choices(FORMATS).default('json'))
    .option('--map <file>', 'JSON file with their category by task of the fleet, such as { "code": "code_generation" }')
    .option(
      '--include-own',
      "PRIVATE: with this router's own requests, which no noise protects; for this router alone, never for others",
    )
    .option('--out <file>', 'write it there; with --include-own only its owner may read it')
    .addOption(tokenFile())
    .action(async (where: string, options: ExportOptions) => {
      const kind = options.includeOwn ? 'private' : 'published';
      const pack = isUrl(where) ? await fetchPack(serviceUrl(where), kind, options.tokenFile) : readPack(where);
      if (pack.kind === 'private' && kind === 'published')
        throw new Refusal(`${where} is private: it tells of its router's own requests. --include-own exports it`);
      if (!isUrl(where)) checkAge(pack);
      for (const { code, detail } of pack.problems) output.err(`secagg: ${code}: ${detail}`);
      const { text, left } = written(pack, options.format, readMapping(options.map));
      for (const [why, tasks] of left) output.err(`secagg: left out ${tasks}: ${why}`);
      if (options.out === undefined) output.out(text);
      else write(options.out, `${text}\n`, pack.kind);
    });
}

/** With the decisions on its rounds, as far as the node still has them. */
async function fetchPack(url: string, kind: PriorsPack['kind'], token: string | undefined): Promise<PriorsPack> {
  return withRouterNode(url, token, async (node) => {
    const found = await node.priors({ kind });
    if (!found) throw new Refusal('the node has no priors');
    const { pack } = found;
    const rounds: PriorsPack['rounds'] = [];
    for (const round of pack.rounds) {
      const proof = await node.decision(pack.cluster, round.round);
      rounds.push(proof ? { ...round, decision: Buffer.from(proof).toString('base64') } : round);
    }
    return { ...pack, rounds };
  });
}

/** A node marks what is old each time it is asked; a file cannot. */
function checkAge({ expires_at: expires }: PriorsPack): void {
  if (expires !== null && Date.parse(expires) < Date.now())
    throw new Refusal(`the pack has expired (${expires}): export a new one from the router-node`);
}

const mappingSchema = z.record(taskSchema, z.string().min(1));

function readMapping(path: string | undefined): TaskMapping {
  if (path === undefined) return {};
  const mapping = mappingSchema.safeParse(readJson(path));
  if (!mapping.success) throw new Refusal(`${path} is no mapping of tasks: ${mapping.error.issues[0].message}`);
  return mapping.data;
}

interface Written {
  readonly text: string;
  /** Priors that are not in it: how many, by the reason. */
  readonly left: ReadonlyMap<string, string>;
}

function written(pack: PriorsPack, format: ExportOptions['format'], mapping: TaskMapping): Written {
  if (format === 'json') return { text: JSON.stringify(pack, null, 2), left: new Map() };
  const { file, left } = format === 'litellm-adaptive' ? toLitellm(pack, mapping) : toSemanticRouter(pack, mapping);
  const reasons = new Map<string, string[]>();
  for (const { model, task, why } of left) reasons.set(why, [...(reasons.get(why) ?? []), `${model}:${task}`]);
  const shown = (keys: string[]): string =>
    keys.length > 5 ? `${keys.slice(0, 5).join(', ')} and ${keys.length - 5} more` : keys.join(', ');
  // JSON is YAML, and a comment is what a configuration keeps.
  return {
    text: [...provenance(pack).map((line) => `# ${line}`), JSON.stringify(file, null, 2)].join('\n'),
    left: new Map([...reasons].map(([why, keys]) => [why, shown(keys)])),
  };
}

function provenance({ kind, fleet, cluster, made_at, expires_at, rounds }: PriorsPack): string[] {
  const epsilons = rounds.flatMap(({ epsilon }) => (epsilon === null ? [] : [epsilon]));
  const span = rounds.length === 0 ? 'none' : `${rounds.length}, ${rounds.at(-1)?.round} to ${rounds[0].round}`;
  return [
    kind === 'private'
      ? "Secagg priors, PRIVATE: with this router's own requests. Not for others."
      : 'Secagg priors, from published rounds alone.',
    `fleet ${fleet ?? 'unknown'}, cluster ${cluster}`,
    `rounds ${span}; epsilon of one round at most ${epsilons.length > 0 ? Math.max(...epsilons).toPrecision(4) : 'none'}`,
    `made ${made_at}, expires ${expires_at ?? 'now: there is no evidence'}`,
  ];
}

function write(path: string, text: string, kind: PriorsPack['kind']): void {
  if (kind === 'private') writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  else replaceFile(path, new TextEncoder().encode(text));
}
