/** Takes a contribution, or refuses it (docs/protocol.md, "Collecting"). */
import {
  type Bytes,
  type PartyId,
  quarantineMessage,
  type QuarantineNotice,
  type Receipt,
  receiptMessage,
  SecaggError,
  type Signed,
  signedMessage,
} from '@secagg/schema';
import { sameBytes } from '../wire/bytes';
import { signDocument } from '../wire/documents';
import { refuse } from '../checks/check';
import { refuseSecond } from '../evidence/refuse-second';
import { type CheckedHeader } from '../round/contribution-set';
import { type VerifiedRound } from '../round/verified-round';
import { type Step } from '../role';
import { checkContribution, type CheckedContribution } from './check-contribution';
import { checkStanding } from './standing';
import { type CoordinatorContext, type CoordinatorEvent, type CoordinatorState, roundOf } from './state';

/**
 * What is known of a round's contributions that the state does not have: they are accepted outside the journal until
 * the round closes.
 */
export interface AcceptedElsewhere {
  /** The contribution of this router that is held. */
  readonly held?: CheckedHeader;
  /** How many contributions there are. */
  readonly count?: number;
}

/**
 * Checks a contribution. The receipt may be sent once the event is durable. The identical contribution again gets the
 * same receipt without a new event, also after the close. Refusals throw with their code and change nothing.
 * @param contribution what {@link checkContribution} found in these bytes, where that was done before under the same
 * view
 */
export function receiveContribution(
  state: CoordinatorState,
  context: CoordinatorContext,
  key: string,
  bytes: Bytes,
  contribution: CheckedContribution = checkContribution(state.view, roundOf(state, key).verified, bytes),
  elsewhere: AcceptedElsewhere = {},
): Step<CoordinatorEvent, Signed> {
  const round = roundOf(state, key);
  const { checked } = contribution;
  const { router } = checked.header;
  const held = round.accepted.get(router) ?? elsewhere.held;
  const { config, configHash } = round.verified;
  const receipt = (): Signed => {
    const body: Receipt = {
      v: 1,
      fleet: config.fleet,
      cluster: config.cluster,
      round: config.round,
      config_hash: configHash,
      router,
      coordinator: context.identity.id,
      header_hash: checked.hash,
    };
    return signDocument(receiptMessage, config.fleet, body, context.identity.secretKey);
  };
  if (held) {
    if (sameBytes(held.hash, checked.hash)) return { events: [], reply: receipt() };
    refuseSecond(
      'headers.order',
      round.verified.view,
      { kind: 'two-contributions', party: router, statements: [held.signed, checked.signed] },
      {
        code: 'duplicate',
        message: `another contribution of ${router} is held`,
        details: { round: config.round },
      },
    );
  }
  checkStanding(state, router);
  if (round.phase !== 'collecting')
    throw new SecaggError('stale_round', 'the round is closed', { party: router, round: config.round });
  if ((elsewhere.count ?? round.accepted.size) >= config.max_participants)
    throw new SecaggError('round_full', 'the round is full', { party: router, round: config.round });
  checkQuarantine(context, round.verified, router);
  return { events: [{ type: 'contribution-accepted', key, router, bytes, checked: contribution }], reply: receipt() };
}

/**
 * Throws `quarantined` with the last round that is refused, also as a signed notice: an unsigned word would keep nobody
 * away. What was accepted before the quarantine began stays.
 */
function checkQuarantine(
  { identity, quarantinedUntil }: CoordinatorContext,
  { config, configHash }: VerifiedRound,
  router: PartyId,
): void {
  const { fleet, cluster, round } = config;
  const untilRound = quarantinedUntil?.(cluster, router);
  if (untilRound === undefined || round > untilRound) return;
  const notice: QuarantineNotice = {
    v: 1,
    fleet,
    cluster,
    round,
    config_hash: configHash,
    router,
    coordinator: identity.id,
    until_round: untilRound as QuarantineNotice['until_round'],
  };
  const signed = signedMessage.encode(signDocument(quarantineMessage, fleet, notice, identity.secretKey));
  refuse('standing.quarantine', 'quarantined', `${router} is in quarantine in this cluster until round ${untilRound}`, {
    party: router,
    round,
    untilRound,
    notice: Buffer.from(signed).toString('base64'),
  });
}
