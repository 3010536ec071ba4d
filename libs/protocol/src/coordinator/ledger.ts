/**
 * The coordinator's own ledger, one per cluster: for planning and for refusing early. What protects a router's data is
 * that router's ledger alone (docs/protocol.md, "Privacy cost and ledger"). All entries follow from events that are
 * there anyway, so this state needs none.
 */
import {
  allocateRound,
  type Allocation,
  applyLedgerEvent,
  availableAt,
  type Balance,
  type Budget,
  DAY_MS,
  decideCharge,
  decideCorrection,
  decideRelease,
  emptyLedger,
  finalCosts,
  ledgerBalance,
  type LedgerState,
  unitsToRho,
} from '@secagg/dp-noise';
import { type ClusterHash, type ClusterPolicy, SecaggError } from '@secagg/schema';
import { hex } from '../wire/bytes';
import { clusterBudget } from '../round/budget';
import { chargeEndMs, honestQuorum, roundCost, withNoise, withPrivacyErrors, worstCaseUnits } from '../round/privacy';
import { type VerifiedRound } from '../round/verified-round';
import { type CoordinatorState, type RoundState } from './state';

export const clusterLedger = (state: CoordinatorState, cluster: ClusterHash | string): LedgerState =>
  state.ledgers.get(cluster) ?? emptyLedger();

const chargeKey = ({ config, configHash }: VerifiedRound) => ({
  cluster: config.cluster as string,
  round: config.round as number,
  configHash: hex(configHash),
});

/** Throws `budget_exhausted`, with the date the window gives budget back, when a planned round does not fit. */
export function checkBudget(state: CoordinatorState, { config, policy }: VerifiedRound, nowMs: number): void {
  if (withNoise(config)) checkRoom(state, policy, worstCaseUnits(config), nowMs, config.round);
}

/** The same for what a round is charged at worst. */
export function checkRoom(
  state: CoordinatorState,
  policy: ClusterPolicy,
  units: number,
  nowMs: number,
  round?: number,
): void {
  const ledger = clusterLedger(state, policy.cluster);
  const budget = clusterBudget(policy);
  const { remainingUnits } = ledgerBalance(ledger, budget, nowMs);
  if (units <= remainingUnits) return;
  const availableAtMs = availableAt(ledger, budget, units, nowMs);
  throw new SecaggError(
    'budget_exhausted',
    `the privacy budget of the cluster does not allow the round${until(availableAtMs)}`,
    { ...(round === undefined ? {} : { round }), availableAtMs, remainingUnits },
  );
}

const until = (availableAtMs: number | null): string =>
  availableAtMs === null ? '' : `; the window gives budget back at ${new Date(availableAtMs).toISOString()}`;

/**
 * When an allocation has something to give again, if nothing is charged meanwhile: the start of a UTC day, or null if
 * never.
 */
function allocatesAgainAt(
  ledger: LedgerState,
  budget: Budget,
  allocate: (balance: Balance) => number,
  nowMs: number,
): number | null {
  const { window } = budget;
  if (window === 'lifetime') return null;
  const returns = finalCosts(ledger)
    .map(({ day }) => (day + window.days + 1) * DAY_MS)
    .filter((atMs) => atMs > nowMs)
    .sort((a, b) => a - b);
  return returns.find((atMs) => allocate(ledgerBalance(ledger, budget, atMs)) >= 1) ?? null;
}

/**
 * The rho of the next round under an allocation.
 * @param expectedParticipants routers expected per group; what a set larger than the minimum saves is spread over later
 * rounds Throws `budget_exhausted` when nothing is left to give, with the date from which there is.
 */
export function allocatedRho(
  state: CoordinatorState,
  policy: ClusterPolicy,
  allocation: Allocation,
  terms: {
    readonly minParticipantsPerGroup: number;
    readonly assumedColluders: number;
    readonly expectedParticipants?: number;
  },
  nowMs: number,
): number {
  const ledger = clusterLedger(state, policy.cluster);
  const honest = terms.minParticipantsPerGroup - terms.assumedColluders;
  const expected = Math.max(
    honest,
    (terms.expectedParticipants ?? terms.minParticipantsPerGroup) - terms.assumedColluders,
  );
  const budget = clusterBudget(policy);
  const allocate = (balance: Balance): number =>
    withPrivacyErrors(() => allocateRound(allocation, balance, honest / expected));
  const balance = ledgerBalance(ledger, budget, nowMs);
  const units = allocate(balance);
  if (units < 1) {
    const availableAtMs = allocatesAgainAt(ledger, budget, allocate, nowMs);
    const { remainingUnits } = balance;
    throw new SecaggError(
      'budget_exhausted',
      `nothing of the privacy budget of the cluster is left for a round${until(availableAtMs)}`,
      { availableAtMs, remainingUnits },
    );
  }
  return unitsToRho(Math.min(units, policy.max_round_rho_units));
}

/** Charges an announced round at its worst case. */
export function chargeAnnounced(state: CoordinatorState, round: VerifiedRound): void {
  const { config } = round;
  if (!withNoise(config)) return;
  const ledger = clusterLedger(state, config.cluster);
  const decision = decideCharge(
    ledger,
    { units: Number.MAX_SAFE_INTEGER, window: 'lifetime' },
    { ...chargeKey(round), units: worstCaseUnits(config), endMs: chargeEndMs(round.epoch.body) },
    config.round_time_ms,
  );
  if (decision.outcome === 'charged') state.ledgers.set(config.cluster, applyLedgerEvent(ledger, decision.event));
}

/** Corrects the charge of an opened round to its actual set, or gives it back for an aborted one. */
export function settleDecided(state: CoordinatorState, round: RoundState, atMs: number): void {
  const { config } = round.verified;
  const { decision } = round;
  if (!withNoise(config) || !decision || honestQuorum(config) < 1) return;
  const ledger = clusterLedger(state, config.cluster);
  const key = chargeKey(round.verified);
  const settlement =
    decision.body.kind === 'ready'
      ? decideCorrection(
          ledger,
          key,
          roundCost(
            config,
            decision.body.groups.map((group) => group.size),
          ).units,
          atMs,
        )
      : decideRelease(ledger, key, atMs);
  if (settlement.outcome === 'settled') state.ledgers.set(config.cluster, applyLedgerEvent(ledger, settlement.event));
}
