/** Reading what is not there: an answer to whoever asks, and no failure of aggregation. */
import { documentedOperations, operationsOf } from '@secagg/testbed/operations';
import { request } from 'undici';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';

jest.setTimeout(60_000);

interface Described {
  readonly paths: Record<string, { get?: { parameters: { name: string; in: string; required: boolean }[] } }>;
}

/** A value for each parameter, of something that this coordinator has never heard of. */
const UNKNOWN: Readonly<Record<string, string>> = {
  cluster: 'ffffffffffffffff',
  round: '7',
  id: 'none',
  member: '0',
  router: 'router-0',
};

describe('reads of what is not there', () => {
  const fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
  let running: Running;
  beforeAll(async () => {
    running = await Running.start(fleet, fleet.config({ autoEpochs: false }));
  });
  afterAll(() => running.stop());

  const get = async (path: string) => {
    const { statusCode, body } = await request(`${running.origin}${path}`);
    return { status: statusCode, text: await body.text() };
  };
  const codeOf = ({ text }: { text: string }) => (JSON.parse(text) as { code: string }).code;
  const counted = async () =>
    (await get('/metrics')).text
      .split('\n')
      .filter((line) => /^(secure_agg_failures_total|federation_(failed|malformed))/.test(line));

  it('and of everything else are listed in docs/protocol.md, and nothing but what is served', async () => {
    const described = JSON.parse((await get('/openapi.json')).text) as Parameters<typeof operationsOf>[0];
    expect(operationsOf(described)).toEqual(documentedOperations('Coordinator'));
  });

  it('of an unknown cluster, round or piece of evidence get 404, whatever is read of it, and count as no failure', async () => {
    const { paths } = JSON.parse((await get('/openapi.json')).text) as Described;
    const before = await counted();
    const asked: string[] = [];
    for (const [template, { get: read }] of Object.entries(paths)) {
      if (!read || !template.includes('{')) continue;
      const query = read.parameters
        .filter(({ in: where, required }) => where === 'query' && required)
        .map(({ name }) => `${name}=${UNKNOWN[name]}`);
      const path = `${template.replace(/\{(\w+)\}/g, (_, name: string) => UNKNOWN[name])}?${query.join('&')}`;
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(['not_found', 'no_round']).toContain(codeOf(answer));
      asked.push(path);
    }
    expect(asked.length).toBeGreaterThanOrEqual(12);
    for (const path of ['/v1/epochs/current', '/v1/freshness', '/nowhere', `/v1/clusters/${fleet.cluster}/signal`])
      expect((await get(path)).status).toBe(404);
    expect(await counted()).toEqual(before);
  });

  it('waits for a round of a cluster that the policy has', async () => {
    expect((await get(`/v1/clusters/${fleet.cluster}/rounds/open?router=router-0&wait_ms=0`)).status).toBe(204);
  });

  it('count where they are wrong in themselves', async () => {
    expect((await get('/v1/clusters/XYZ/signal')).status).toBe(422);
    expect(await counted()).toContain('secure_agg_failures_total{reason="validation_error"} 1');
  });
});
