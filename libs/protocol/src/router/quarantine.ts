/**
 * A router in quarantine (docs/protocol.md, "The signal"). It sits its rounds out before anything of them is charged or
 * taken, so that only the refusal from which it learns of the quarantine costs what any refusal costs: a charge until
 * the round's outcome is known.
 *
 * The coordinator that signs the refusal is not trusted, so the policy bounds what it can say: a router without
 * quarantine in its cluster's policy takes no notice, and nobody stays away for longer than the policy has it after the
 * round that was refused.
 */
import {
  type ClusterHash,
  quarantineMessage,
  type QuarantineNotice,
  type RoundConfig,
  SecaggError,
  type Signed,
  signedMessage,
} from '@secagg/schema';
import { ensure } from '../checks/check';
import { openUnder } from '../checks/open-under';
import { sameBytes } from '../wire/bytes';
import { certificateOf } from '../fleet/fleet-view';
import { type Step } from '../role';
import { answeredRound } from './participation';
import { type Participation, type RouterContext, type RouterEvent, type RouterState } from './state';

/** Base64 of a signed notice. */
const LONGEST_NOTICE = 2048;

/**
 * The last round to be sat out, by what the coordinator said and the newest policy known; undefined without a
 * quarantine.
 */
export function quarantinedUntil(state: RouterState, cluster: ClusterHash | string): number | undefined {
  const told = state.quarantines.get(cluster);
  const rounds = state.view.policy.clusters.find((entry) => entry.cluster === cluster)?.quarantine_rounds;
  if (!told || rounds === undefined) return undefined;
  // The round that was refused is the first one after the router was named, or a later one.
  return Math.min(told.untilRound, told.round + rounds - 1);
}

/** Throws `quarantined`, with the last round to be sat out. */
export function checkNoQuarantine(
  state: RouterState,
  { cluster, round }: Pick<RoundConfig, 'cluster' | 'round'>,
): void {
  const untilRound = quarantinedUntil(state, cluster);
  const sitsOut = untilRound !== undefined && round <= untilRound;
  ensure(
    'standing.quarantine',
    !sitsOut,
    'quarantined',
    `round ${round}: the coordinator has this router in quarantine until round ${untilRound}`,
    { round, untilRound },
  );
}

/**
 * Notes a coordinator's refusal `quarantined` of the contribution to a round, by the signed notice that comes with it;
 * without one that holds nothing is noted. It settles nothing: a coordinator that refuses a contribution may have kept
 * it, so the charge waits for the outcome of the round as after any refusal.
 * @param notice base64 of a signed notice, as it was received, of any type
 */
export function receiveQuarantine(
  state: RouterState,
  context: RouterContext,
  key: string,
  notice: unknown,
): Step<RouterEvent, undefined> {
  const nothing = { events: [], reply: undefined };
  const participation = state.participations.get(key);
  if (!participation || typeof notice !== 'string' || notice.length > LONGEST_NOTICE) return nothing;
  try {
    const signed = signedMessage.decode(new Uint8Array(Buffer.from(notice, 'base64')));
    const { cluster, round, until_round: untilRound } = openNotice(state, context, participation, signed);
    if (untilRound < round) return nothing;
    return { events: [{ type: 'quarantine-told', cluster, round, untilRound }], reply: undefined };
  } catch (error) {
    if (error instanceof SecaggError) return nothing;
    throw error;
  }
}

function openNotice(
  { view }: RouterState,
  { identity }: RouterContext,
  participation: Participation,
  signed: Signed,
): QuarantineNotice {
  const { view: answered, config, configHash } = answeredRound(view, participation);
  const { public_key } = certificateOf(answered, config.coordinator, 'coordinator', config.round_time_ms);
  const notice = openUnder('standing.notice', quarantineMessage, config.fleet, signed, {
    key: public_key,
    id: config.coordinator,
  });
  const isOfRound =
    notice.fleet === config.fleet &&
    notice.cluster === config.cluster &&
    notice.round === config.round &&
    notice.coordinator === config.coordinator &&
    notice.router === identity.id &&
    sameBytes(notice.config_hash, configHash);
  if (!isOfRound) throw new SecaggError('wrong_config', 'the notice is about something else', { round: config.round });
  return notice;
}
