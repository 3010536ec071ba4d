/** Fleet documents to coordinators and router-nodes, which take them in the same way. */
import { CoordinatorClient, parseServiceUrl, RouterNodeClient } from '@secagg/client';
import { type FleetDocuments } from '@secagg/protocol';
import { type FreshnessProof, SecaggError } from '@secagg/schema';
import { Refusal, Usage } from '../output';
import { readToken } from '../router-node';

export interface Publication {
  readonly documents?: FleetDocuments;
  readonly freshness?: FreshnessProof;
}

/**
 * @param tokenFile bearer token of a router-node
 * By URL: `taken`, or what was wrong. One that is away does not keep the others from being told.
 */
export async function publishTo(
  urls: readonly string[],
  { documents, freshness }: Publication,
  tokenFile?: string,
): Promise<Record<string, string>> {
  if (tokenFile !== undefined && urls.length > 1)
    throw new Usage('--token-file goes with one URL: nobody else is to see the token');
  const token = tokenFile === undefined ? undefined : readToken(tokenFile);
  const outcomes = await Promise.all(
    urls.map(async (url): Promise<[string, string]> => {
      const client = token === undefined ? new CoordinatorClient({ url }) : new RouterNodeClient({ url, token });
      const { shown } = parseServiceUrl(url);
      try {
        // A statement may name what was not there before.
        if (documents) await client.putFleet(documents);
        if (freshness) await client.putFreshness(freshness);
        return [shown, 'taken'];
      } catch (error) {
        if (error instanceof SecaggError) return [shown, `${error.code}: ${error.message}`];
        throw error;
      } finally {
        await client.close();
      }
    }),
  );
  return Object.fromEntries(outcomes);
}

/** Throws a `Refusal` that names those that did not take it. */
export function expectTaken(published: Readonly<Record<string, string>>): void {
  const failed = Object.entries(published).filter(([, outcome]) => outcome !== 'taken');
  if (failed.length > 0) throw new Refusal(failed.map(([url, outcome]) => `${url}: ${outcome}`).join('\n'));
}
