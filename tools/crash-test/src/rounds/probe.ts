/** Looks at every process, as operators and their tools do: answers are not needed, only asked for. */
import { request } from 'undici';
import { type World } from '../world';
import { accuse } from './accuse';

const TIMEOUT_MS = 2000;
const NODE_PATHS = [
  '/healthz',
  '/readyz',
  '/readyz/store',
  '/metrics',
  '/v1/status',
  '/v1/signal',
  '/v1/priors',
  '/v1/history?model=m&task=t',
  '/v1/budget/history',
];

export async function probe(world: World): Promise<void> {
  const { fleet, subjects } = world;
  const ask = async (name: string, paths: readonly string[]) => {
    for (const path of paths) {
      const url = subjects.get(name)?.url;
      if (url !== undefined) await get(`${url}${path}`);
    }
  };
  const coordinator = async () => {
    const url = subjects.get('coordinator')?.url;
    if (url !== undefined) {
      await accuse(url, fleet, TIMEOUT_MS);
      await remind(url);
    }
    await ask('coordinator', await coordinatorPaths(world));
  };
  await Promise.all([coordinator(), ...fleet.routers.map((id) => ask(id, NODE_PATHS))]);
}

/**
 * All that can be read at the coordinator, as its OpenAPI document has it; what is unknown here is asked for under a
 * name that does not exist.
 */
async function coordinatorPaths({ fleet, subjects, rounds }: World): Promise<string[]> {
  const url = subjects.get('coordinator')?.url;
  const document = url === undefined ? undefined : await get(`${url}/openapi.json`);
  if (document === undefined) return [];
  const { paths } = JSON.parse(document) as { paths: Record<string, Record<string, unknown>> };
  const round = Math.max(1, ...rounds.keys());
  return Object.entries(paths)
    .filter(([, methods]) => 'get' in methods)
    .map(
      ([path]) =>
        `${path
          .replace('{cluster}', fleet.cluster)
          .replace('{round}', String(round))
          .replace(/\{\w+\}/g, 'none')}?wait_ms=0`,
    );
}

/** The text of the answer; undefined where there was none in time. */
async function get(url: string): Promise<string | undefined> {
  try {
    const { body } = await request(url, { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
    return await body.text();
  } catch {
    return undefined;
  }
}

/** Of no announcement: this fleet's coordinator is never rolled back, so nobody reminds it. */
async function remind(url: string): Promise<void> {
  const headers = { 'content-type': 'application/cbor' };
  await request(`${url}/v1/announcements`, { method: 'POST', headers, body: Buffer.of(0), headersTimeout: TIMEOUT_MS })
    .then(({ body }) => body.dump())
    .catch(() => undefined);
}
