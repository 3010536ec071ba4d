/** Every example of docs/connect-your-router.md, taken from the page, at a real router-node. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type IngestAnswer, type RankAnswer } from '@secagg/client';
import { eventually } from '@secagg/testbed/wait';
import { build } from 'esbuild';
import { parse } from 'yaml';
import { TrialFleet } from './support/trial-fleet';

jest.setTimeout(180_000);

const workspace = resolve(__dirname, '../../..');
const page = readFileSync(join(workspace, 'docs/connect-your-router.md'), 'utf8');
/** The examples under a heading, as they are on the page. */
const examples = (heading: string, language: string): string[] => {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)]
    .filter(([, kind]) => kind === language)
    .map(([, , text]) => text);
};

const fleet = new TrialFleet(['router-0']);
const scratch = join(workspace, 'tmp', `connect-your-router-${process.pid}`);
beforeAll(async () => {
  mkdirSync(scratch, { recursive: true });
  await fleet.create(['--committee', '1', '--threshold', '1', '--candidates', 'router-0']);
  await fleet.startCoordinator({
    keys: ['gpt-4o:writing'],
    minParticipantsPerGroup: 4,
    maxParticipants: 4,
    privacy: { epsilon: 0.5 },
  });
  await fleet.startNode('router-0');
  await eventually('the plan', async () => (await fleet.status('router-0')).names?.catalogue === 'planned');
});
afterAll(async () => {
  await fleet.remove();
  rmSync(scratch, { recursive: true, force: true });
});

const here = (text: string): string => text.replaceAll('http://127.0.0.1:8500', fleet.node('router-0').url);
/** By a shell, in which `secagg` is the command line as it was built. */
const shell = async (script: string): Promise<string> => {
  const secagg = `secagg() { "${process.execPath}" "${join(workspace, 'dist/tools/cli/main.js')}" "$@"; }\n`;
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', secagg + here(script)], {
    cwd: scratch,
  });
  return stdout;
};
const waiting = async (key: string): Promise<number> => {
  const { keys } = await fleet.ask('router-0', (client) => client.names());
  return keys.find((entry) => entry.key === key)?.waiting ?? 0;
};
const only = (heading: string, language: string): string => {
  const found = examples(heading, language);
  expect(found).toHaveLength(1);
  return found[0];
};

it('has no example that nobody runs', () => {
  expect(page.match(/^```.+$/gm)).toHaveLength(10);
});

it('LiteLLM: the callback that the YAML names takes what LiteLLM sends', async () => {
  const settings = parse(only('LiteLLM', 'yaml')) as {
    litellm_settings: { callbacks: string[] };
    callback_settings: Record<string, { callback_type: string; endpoint: string; headers: Record<string, string> }>;
  };
  const [name] = settings.litellm_settings.callbacks;
  const { callback_type: type, endpoint, headers } = settings.callback_settings[name];
  expect(type).toBe('generic_api');
  const payload = {
    id: 'chatcmpl-1',
    call_type: 'acompletion',
    status: 'success',
    model_group: 'gpt-4o',
    model: 'openai/gpt-4o',
    request_tags: ['task:writing'],
    startTime: 1_800_000_000,
    endTime: 1_800_000_001.5,
    total_tokens: 100,
    response_cost: 0.001,
  };
  const reply = await fetch(here(endpoint), { method: 'POST', headers, body: JSON.stringify([payload]) });
  expect(reply.status).toBe(202);
  expect((await reply.json()) as IngestAnswer).toMatchObject({ accepted: 1, rejected: [] });
  expect(await waiting('gpt-4o:writing')).toBe(1);
});

it('OpenTelemetry: the variables lead an exporter there, and the span by hand counts', async () => {
  const application = join(scratch, 'application.mjs');
  writeFileSync(
    application,
    `import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
provider.getTracer('test').startSpan('chat', { attributes: {
  'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'gpt-4o', 'secagg.task': 'writing' } }).end();
await provider.forceFlush();
await provider.shutdown();
`,
  );
  const before = await waiting('gpt-4o:writing');
  await shell(`${only('OpenTelemetry', 'bash env')}\n"${process.execPath}" "${application}"`);
  expect(await waiting('gpt-4o:writing')).toBe(before + 1);
  expect(JSON.parse(await shell(only('OpenTelemetry', 'bash')))).toMatchObject({ accepted: 1 });
  expect(await waiting('gpt-4o:writing')).toBe(before + 2);
});

it('plain HTTP: the request is taken, and answered as the page says; a score by its id as well', async () => {
  const answer = await shell(only('Plain HTTP', 'bash'));
  expect(answer.trim()).toBe('{"accepted":1,"skipped":{},"rejected":[]}');
  expect(page).toContain(`\`${answer.trim()}\``);
  expect(JSON.parse(await shell(only('Quality that is known later', 'bash')))).toMatchObject({ accepted: 1 });
});

it('names: the command shows what waits, and what the aliases would change', async () => {
  writeFileSync(join(scratch, 'aliases.json'), only('Names and aliases', 'json'));
  await fleet.ask('router-0', (client) =>
    client.postObservations([{ model: 'gpt-4o-mini', task: 'Copywriting', success: true, latency_s: 1 }]),
  );
  const said = await shell(only('Names and aliases', 'bash'));
  expect(said).toContain('gpt-4o-mini:Copywriting, the catalogue has no such model');
  expect(said).toContain('gpt-4o-mini:Copywriting, counts as gpt-4o:writing, in the catalogue');
});

/** A TypeScript example as a program of its own. @returns what it says */
async function runProgram(text: string): Promise<string> {
  const source = join(scratch, 'program.ts');
  const outfile = join(scratch, 'program.mjs');
  writeFileSync(source, here(text));
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    alias: { '@secagg/client': join(workspace, 'libs/client/src/index.ts') },
    tsconfig: join(workspace, 'tsconfig.base.json'),
  });
  return (await promisify(execFile)(process.execPath, [outfile])).stdout;
}

it('TypeScript: the program runs', async () => {
  expect(JSON.parse(await runProgram(only('TypeScript', 'ts')))).toMatchObject({
    accepted: 1,
    names: { catalogue: 'planned' },
  });
});

it('priors out: both ways choose the model that did better', async () => {
  const program = only('Priors out in 10 lines', 'ts');
  expect(program.trim().split('\n')).toHaveLength(10);
  const rows = (model: string, successes: number) =>
    Array.from({ length: 60 }, (_, i) => ({ model, task: 'writing', success: i < successes, latency_s: 1 }));
  // The one that is named last is better: no choice by order passes.
  await fleet.ask('router-0', (client) => client.postObservations([...rows('gpt-4o', 0), ...rows('gpt-4o-mini', 60)]));
  await eventually('the priors follow', async () => {
    const found = await fleet.ask('router-0', (client) => client.priors({ model: 'gpt-4o-mini', task: 'writing' }));
    return (found?.pack.priors[0]?.own_requests ?? 0) > 55;
  });
  const answer = JSON.parse(await shell(only('Priors out in 10 lines', 'bash'))) as RankAnswer;
  expect(answer).toMatchObject({ best: 'gpt-4o-mini' });
  expect(answer.ranking.map(({ model, state }) => [model, state])).toEqual([
    ['gpt-4o-mini', 'usable'],
    ['gpt-4o', 'usable'],
  ]);
  expect(await runProgram(program)).toMatch(/^gpt-4o-mini \[[^]*code: 'no_round'[^]*\]\n$/);
});
