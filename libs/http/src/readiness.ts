/** How both services answer `/readyz`. */
import { type NotReady, SecaggError } from '@secagg/schema';
import { type Reply } from './operation';
import { problemReply } from './problem';
import { jsonReply } from './reply';

/**
 * 200, or 503 with all reasons. Not thrown: being asked is no failure, and is not counted as one.
 * @param also what is shown in either case
 */
export function readinessReply(reasons: readonly NotReady[], also: object): Reply {
  if (reasons.length === 0) return jsonReply({ status: 'ready', ...also });
  const detail = reasons.map((each) => `${each.detail}: ${each.action}`).join('; ');
  return problemReply(new SecaggError('unavailable', detail, { ...also, reasons }));
}
