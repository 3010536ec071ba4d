export { DpNoiseError, type DpNoiseErrorCode } from './errors';

export { sampleDiscreteGaussian } from './samplers/discrete-gaussian';
export type { RandomBytes } from './samplers/random-words';
export { type Variance } from './samplers/variance';

export { addNoise } from './mechanism/add-noise';
export { clipToL2Ball } from './mechanism/clip';
export { honestQuorum, planNoise, type NoisePlan, type NoiseRequest } from './mechanism/plan-noise';
export { RequesterLimit, type RequestLimits, type RequestRefusal } from './mechanism/requester-limit';

export { epsilonToRho, rhoToEpsilon } from './accountant/conversion';
export { costOfRound, costOfSum, rhoToBudgetUnits, unitsToRho, type Cost, type Release } from './accountant/round-cost';
export { privacyOfSum, type SumOfShares, type SumPrivacy } from './accountant/sum-of-gaussians';

export { allocateRound, type Allocation } from './ledger/allocation';
export { applyLedgerEvent } from './ledger/apply';
export { assumeSpent } from './ledger/assume';
export {
  decideCharge,
  decideCorrection,
  decideRelease,
  type ChargeDecision,
  type ChargeRefusal,
  type ChargeRequest,
  type SettlementDecision,
} from './ledger/decide';
export { endOpenCharges } from './ledger/end';
export { mostCarriedUnits, protectionOf, stricterProtection, type Protection } from './ledger/protection';
export { evenUnits, fitSchedule, windowMs, type PlannedRounds, type ScheduleFit } from './ledger/schedule';
export {
  DAY_MS,
  emptyLedger,
  type ChargeKey,
  type DayTotal,
  type LedgerEvent,
  type LedgerState,
  type OpenCharge,
} from './ledger/state';
export { availableAt, finalCosts, ledgerBalance, type Balance, type Budget } from './ledger/window';
