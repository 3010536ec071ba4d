/** Looks at every process, as operators and their tools do: answers are not needed, only asked for. */
import { request } from 'undici';
import { type World } from '../world';

const TIMEOUT_MS = 2000;

export async function probe(world: World): Promise<void> {
  const { fleet, subjects } = world;
  const ask = async (name: string, paths: readonly string[]) => {
    for (const path of paths) {
      const url = subjects.get(name)?.url;
      if (url === undefined) continue;
      const reply = await request(`${url}${path}`, { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS }).catch(() => undefined);
      await reply?.body.dump().catch(() => undefined);
    }
  };
  const cluster = `/v1/clusters/${fleet.cluster}`;
  await Promise.all([
    ask('coordinator', ['/healthz', '/readyz', '/metrics', '/openapi.json', '/v1/fleet', '/v1/epochs/current', `${cluster}/rounds/latest`, `${cluster}/signal`, `${cluster}/budget`]),
    ...fleet.routers.map((id) => ask(id, ['/healthz', '/readyz', '/metrics', '/v1/status', '/v1/signal', '/v1/budget/history'])),
  ]);
}
