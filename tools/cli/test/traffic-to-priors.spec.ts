/**
 * From traffic as LiteLLM reports it to priors that LiteLLM takes: rounds with noise, a pack that others check, and
 * files for other routers.
 */
import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type PriorsPack } from '@secagg/client';
import { eventually } from '@secagg/testbed/wait';
import { TrialFleet } from './support/trial-fleet';

jest.setTimeout(300_000);

const REQUEST_TYPES = [
  'code_generation',
  'code_understanding',
  'technical_design',
  'analytical_reasoning',
  'writing',
  'factual_lookup',
  'general',
];
const ids = ['router-0', 'router-1', 'router-2', 'router-3'];
/** Chance of success. */
const models: Readonly<Record<string, number>> = { 'openai/gpt-4o:free': 0.9, 'ollama/llama3:8b': 0.5 };
const PER_KEY = 70;

const fleet = new TrialFleet(ids);
afterAll(() => fleet.remove());

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}
const secagg = (...args: string[]): Promise<Ended> =>
  new Promise((done) => {
    const script = resolve(__dirname, '../../../dist/tools/cli/main.js');
    execFile(process.execPath, [script, ...args], { cwd: fleet.folder, maxBuffer: 2 ** 26 }, (error, out, err) =>
      done({ status: error ? Number(error.code) : 0, out, err }),
    );
  });

/** As LiteLLM's `generic_api` callback sends it. */
function traffic(router: number): object[] {
  let id = 0;
  return REQUEST_TYPES.flatMap((task) =>
    Object.entries(models).flatMap(([model, success]) =>
      Array.from({ length: PER_KEY }, (_, i) => ({
        id: `chatcmpl-${router}-${id++}`,
        call_type: 'acompletion',
        status: i < success * PER_KEY ? 'success' : 'failure',
        model_group: model,
        model,
        request_tags: [`task:${task}`],
        startTime: 1_800_000_000,
        endTime: 1_800_000_002,
        total_tokens: 500,
        response_cost: 0.001,
        messages: [{ role: 'user', content: 'a secret prompt' }],
        response: { choices: [] },
      })),
    ),
  );
}

/** Exact: what its documentation asks for (see the schema of LiteLLM's adaptive router). */
function expectEvaluationPriors(text: string): { request_type: string; model: string; mean: number }[] {
  const config = JSON.parse(text.replaceAll(/^#.*$/gm, '')) as { adaptive_router_config: Record<string, unknown> };
  expect(Object.keys(config)).toEqual(['adaptive_router_config']);
  const { evaluation_priors: priors, exploration_rate: rate, ...rest } = config.adaptive_router_config;
  expect(rest).toEqual({});
  expect(rate).toBe(0.05);
  return (priors as Record<string, unknown>[]).map((prior) => {
    expect(Object.keys(prior).sort()).toEqual(['failures', 'model', 'request_type', 'successes']);
    const { request_type, model, successes, failures } = prior as {
      request_type: string;
      model: string;
      successes: number;
      failures: number;
    };
    expect(REQUEST_TYPES).toContain(request_type);
    expect(Math.min(successes, failures)).toBeGreaterThan(0);
    expect(successes + failures).toBeLessThanOrEqual(50.0001);
    return { request_type, model, mean: successes / (successes + failures) };
  });
}

/** On a busy machine routers miss their slots, and wait for the next round. */
async function publishedRound(): Promise<number> {
  for (let tried = 0; tried < 10; tried++) {
    const round = await fleet.startRound(8000);
    if ((await fleet.outcome(round)).phase === 'published') return round;
  }
  throw new Error('no round was published');
}

const packAt = (path: string): PriorsPack => JSON.parse(readFileSync(fleet.at(path), 'utf8')) as PriorsPack;

it('goes from LiteLLM traffic through a noisy round to files for other routers', async () => {
  await fleet.create(['--committee', '1', '--threshold', '1', '--candidates', 'router-0', '--min-participants', '4']);
  await fleet.startCoordinator({
    // At the default tasks.
    keys: undefined,
    models: Object.keys(models),
    minParticipantsPerGroup: 4,
    maxParticipants: 4,
    privacy: { epsilon: 1 },
  });
  for (const [i, id] of ids.entries()) {
    await fleet.startNode(id);
    const reply = await fetch(`${fleet.node(id).url}/v1/ingest/litellm`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(traffic(i)),
    });
    expect(await reply.json()).toMatchObject({ accepted: 14 * PER_KEY, rejected: [] });
  }
  await fleet.startEpoch();
  const round = await publishedRound();
  await fleet.settled('router-1', round);
  const { url } = fleet.node('router-1');
  await eventually('priors of the round', async () => {
    const found = await fleet.ask('router-1', (client) => client.priors({ kind: 'published' }));
    return found?.pack.rounds.length === 1 && found.pack.priors.some(({ state }) => state === 'usable');
  });

  const written = await secagg('priors', 'export', url, '--out', 'pack.json');
  expect(written).toMatchObject({ status: 0, out: '' });
  const pack = packAt('pack.json');
  expect(pack).toMatchObject({ kind: 'published', cluster: fleet.cluster, rounds: [{ round, participants: 4 }] });
  expect(pack.rounds[0].epsilon).toBeLessThanOrEqual(1.0001);
  expect(pack.priors.every(({ own_requests: own }) => own === 0)).toBe(true);

  const { out } = await secagg('priors', 'export', url, '--format', 'litellm-adaptive');
  const priors = expectEvaluationPriors(out);
  expect(priors.length).toBeGreaterThanOrEqual(10);
  for (const { model, mean } of priors) expect(Math.abs(mean - models[model])).toBeLessThan(0.25);
  expect(out).toMatch(
    new RegExp(`^# Secagg priors, from published rounds alone\\.\n# fleet trial, cluster ${fleet.cluster}\n`),
  );
  // A pack gives the same as its node did.
  const fromPack = await secagg('priors', 'export', 'pack.json', '--format', 'litellm-adaptive');
  expect(expectEvaluationPriors(fromPack.out).length).toBeGreaterThanOrEqual(10);

  writeFileSync(fleet.at('map.json'), JSON.stringify({ code_generation: 'computer science', writing: 'other' }));
  const semantic = await secagg('priors', 'export', url, '--format', 'semantic-router', '--map', 'map.json');
  const { categories } = JSON.parse(semantic.out.replaceAll(/^#.*$/gm, '')) as {
    categories: { name: string; model_scores: { model: string; score: number }[] }[];
  };
  const science = categories.find(({ name }) => name === 'computer science');
  expect(science?.model_scores[0]?.model).toBe('openai/gpt-4o:free');
  expect(categories.some(({ name }) => name === 'code_generation')).toBe(false);

  // What others check: that the round was decided so, and with its transcript every number.
  const verify = (...args: string[]) => secagg('priors', 'verify', ...args, '--authority', 'fleet/authority.pub');
  const unchecked = await verify('pack.json');
  expect(unchecked).toMatchObject({ status: 1, out: '' });
  expect(unchecked.err).toContain('NOT VERIFIED: the numbers were not checked');
  const roundsOnly = await verify('pack.json', '--rounds-only');
  expect(roundsOnly.status).toBe(0);
  expect(roundsOnly.out).toMatch(/^ROUNDS VERIFIED, NUMBERS NOT CHECKED/);
  const checked = await verify('pack.json', '--coordinator', fleet.origin);
  expect(checked).toMatchObject({ status: 0, err: '' });
  expect(checked.out).toContain(`all ${pack.priors.length} priors follow from the transcripts`);
  expect(checked.out).toContain(`1, ${round} to ${round}, each decided`);
  expect(checked.out).toContain(`latest   ${round} (published)`);
  expect(checked.out).toContain('half_life_hours 72, age_limit_hours 168');

  const forged = async (name: string, change: (of: PriorsPack) => void, ...args: string[]): Promise<string> => {
    const copy = structuredClone(pack);
    change(copy);
    writeFileSync(fleet.at(`${name}.json`), JSON.stringify(copy));
    const answer = await verify(`${name}.json`, ...args);
    expect(answer.status).toBe(1);
    return answer.err;
  };
  const online = ['--coordinator', fleet.origin];
  const boosted = (of: PriorsPack): void => void (of.priors[0].success.alpha += 0.1);
  expect(await forged('boosted', boosted, ...online)).toContain('priors.0.success.alpha is not what follows');
  expect(await forged('longer', (of) => (of.expires_at = '2099-01-01T00:00:00.000Z'), ...online)).toContain(
    'expires_at',
  );
  expect(await forged('cheaper', (of) => (of.rounds[0].epsilon = 0.1), ...online)).toContain('epsilon');
  expect(await forged('crowd', (of) => (of.rounds[0].participants = 40))).toContain('4 routers are in it');
  expect(await forged('other', (of) => (of.rounds[0].round = 7))).toContain('another round');
  expect(await forged('unproven', (of) => delete of.rounds[0].decision)).toContain('no decision');

  expect(await forged('early', (of) => (of.made_at = '2026-01-01T00:00:00.000Z'))).toContain('began after the pack');
  const twice = (of: PriorsPack): void => void of.rounds.push(of.rounds[0]);
  expect(await forged('twice', twice, ...online)).toContain('each is there once');
  const chosen = (of: PriorsPack): void => void (of.options.prior_alpha = 900);
  expect(await forged('chosen', chosen, ...online)).toContain('--any-options');
  expect(await forged('chosen', chosen, ...online, '--any-options')).toContain('is not what follows');

  // With own requests only for those who ask for it by name, in a file of their own.
  const own = await secagg('priors', 'export', url, '--include-own', '--out', 'own.json');
  expect(own.status).toBe(0);
  expect(packAt('own.json').kind).toBe('private');
  expect(packAt('own.json').priors.some(({ own_requests: count }) => count > 0.95 * PER_KEY)).toBe(true);
  expect(statSync(join(fleet.folder, 'own.json')).mode & 0o077).toBe(0);
  const privately = await verify('own.json', ...online);
  expect(privately.status).toBe(1);
  expect(privately.err).toContain('the priors are private');
  const refused = await secagg('priors', 'export', 'own.json', '--format', 'litellm-adaptive');
  expect(refused).toMatchObject({ status: 1, out: '' });
  expect(refused.err).toContain('is private');
  const allowed = await secagg('priors', 'export', 'own.json', '--format', 'litellm-adaptive', '--include-own');
  expect(allowed.out).toContain('# Secagg priors, PRIVATE');

  // An old pack is not taken for news.
  writeFileSync(fleet.at('old.json'), JSON.stringify({ ...pack, expires_at: '2020-01-01T00:00:00.000Z' }));
  const old = await secagg('priors', 'export', 'old.json', '--format', 'litellm-adaptive');
  expect(old.status).toBe(1);
  expect(old.err).toContain('has expired');
});
