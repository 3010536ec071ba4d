/** Parameters of paths, checked. */
import { type ClusterHash, clusterHash, SecaggError } from '@secagg/schema';

/** Throws `invalid` naming the parameter. */
export function roundOf({ cluster, round }: Readonly<Record<string, string | string[] | undefined>>): {
  cluster: ClusterHash;
  round: number;
} {
  const hash = clusterHash.safeParse(cluster);
  if (!hash.success) throw new SecaggError('invalid', `cluster: ${hash.error.issues[0].message}`, { path: 'cluster' });
  const number = typeof round === 'string' && /^\d{1,16}$/.test(round) ? Number(round) : NaN;
  if (!(number >= 1 && number <= Number.MAX_SAFE_INTEGER))
    throw new SecaggError('invalid', 'round: must be an integer from 1', { path: 'round' });
  return { cluster: hash.data, round: number };
}
