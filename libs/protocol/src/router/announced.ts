/**
 * Whether an announcement that a router refuses is one of its coordinator's, or just something that came over the line.
 */
import { roundConfigMessage, SecaggError, type Signed } from '@secagg/schema';
import { isWithinReach } from '../epoch/verified-epoch';
import { openAnnouncement } from '../round/verified-round';
import { type RouterState } from './state';

/**
 * True when a coordinator of the newest roster has signed it, and its number may follow the highest that this router
 * has answered in the cluster.
 */
export function isAnnounced({ view, highestRound }: RouterState, announcement: Signed): boolean {
  const { cluster, round } = roundConfigMessage.decode(announcement.body);
  if (!isWithinReach(round, highestRound.get(cluster) ?? 0)) return false;
  try {
    openAnnouncement(view, announcement);
    return true;
  } catch (error) {
    if (error instanceof SecaggError) return false;
    throw error;
  }
}
