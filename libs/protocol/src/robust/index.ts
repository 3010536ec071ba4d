export { type CombinedGroups, combineGroups, type RobustCombination } from './combine';
export { examineGroups, type ExaminedGroups, type GroupScore } from './examine';
export { type GroupSums, type Implausibility, type ImplausibleGroup } from './plausibility';
export {
  type ClusterRecord,
  type KeptRecord,
  noRounds,
  quarantineEnd,
  type RecordTerms,
  recordRound,
} from './cluster-record';
export {
  chanceOf,
  ERROR_PROBABILITY,
  evolveSuspicion,
  MIN_ROUNDS,
  noSuspicion,
  recordOf,
  type RouterRecord,
  type Suspect,
  type SuspectOptions,
  suspects,
  type SuspicionEvent,
  type SuspicionState,
} from './suspicion';
