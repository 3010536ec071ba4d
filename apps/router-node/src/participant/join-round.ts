/** Joining a round: check, encode, charge, encrypt, and all of it durable in one step before anything is sent. */
import { checkRound, contribute, roundKey } from '@secagg/protocol';
import { type OpenRound, roundConfigMessage, SecaggError } from '@secagg/schema';
import { showBudget } from './budget';
import { chooseData, type RequesterRules } from './choose-data';
import { type Router, stateOf } from './router';

/** Under a key of this round, so that the hashes are of use to nobody after it. */
const requesterLimit = ({ config, random }: Router): RequesterRules => ({
  requestsPerRequester: config.requestsPerRequester ?? Number.MAX_SAFE_INTEGER,
  hashKey: random(32),
});

/**
 * Prepares this router's contribution to an announced round. A refusal throws and changes nothing; newer fleet documents
 * than those known here are fetched first.
 * @returns key of the participation, whose bytes are durable and may be sent
 */
export async function joinRound(router: Router, open: OpenRound, signal: AbortSignal): Promise<string> {
  const { policy_version, roster_version } = roundConfigMessage.decode(open.announcement.body);
  const { view } = stateOf(router);
  if (policy_version > view.policy.version || roster_version > view.roster.version) await router.fleet.refresh(signal);
  await router.fleet.freshen(signal);
  return prepare(router, open);
}

/** One synchronous step: nothing else can take observations or charge the ledger in between. */
function prepare(router: Router, open: OpenRound): string {
  const { store, standing, context, random, log } = router;
  const state = stateOf(router);
  const nowMs = router.now();
  const round = checkRound(state, context, open, nowMs);
  standing.check(state.view, round.config.coordinator);
  const { cluster, round: number } = round.config;
  if (cluster !== router.config.cluster)
    throw new SecaggError('policy', 'the round is of another cluster', { round: number });
  const key = roundKey(cluster, number);
  const data = chooseData(store, round, requesterLimit(router));
  const { events } = contribute(state, context, round, data.vector, random, nowMs);
  store.journal.commit(events, () => {
    data.take(key);
    store.budgetHistory.record(events);
  });
  showBudget(router);
  log.info({ round: number, observations: data.observations }, 'contribution prepared');
  return key;
}
