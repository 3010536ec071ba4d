/** The list of contributions that the coordinator signed at the close (docs/protocol.md, "Checking and reporting"). */
import { closingMessage, SecaggError, type Signed } from '@secagg/schema';
import { under } from '../checks/check';
import { openDocument } from '../wire/documents';
import { sameBytes } from '../wire/bytes';
import { certificateOf } from '../fleet/fleet-view';
import { checkInRound } from '../round/contribution-set';
import { type OpenedViews } from './check-views';

/**
 * Views are signed by nobody, and a member reports once: so the list must be the one that the coordinator signed when
 * the round closed. A list that somebody made up, or left contributions out of, would use the report up. Throws
 * `bad_signature`, `wrong_config` or `bad_proposal`.
 */
export function checkClosing({ round, root, headers }: OpenedViews, signed: Signed | undefined): void {
  const { config, view } = round;
  const at = { party: config.coordinator, round: config.round };
  under('headers.closing', () => {
    if (!signed) throw new SecaggError('bad_signature', 'the contributions come without a signed list of them', at);
    const { public_key } = certificateOf(view, config.coordinator, 'coordinator', config.round_time_ms);
    const closing = openDocument(closingMessage, config.fleet, signed, public_key, config.coordinator);
    checkInRound(round, closing, config.coordinator);
    if (closing.count !== headers.length || !sameBytes(closing.headers_root, root))
      throw new SecaggError('bad_proposal', 'these are not the contributions that the round closed with', at);
  });
}
