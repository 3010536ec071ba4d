export { type CombinedGroups, combineGroups, type RobustCombination } from './combine';
export { examineGroups, type ExaminedGroups, type GroupScore } from './examine';
export { FALSE_ALARM_RATE } from './group-scores';
export { groupScores, type RobustReport, suspicionEvent } from './opened-round';
export { type GroupSums, type Implausibility } from './plausibility';
export { evolveSuspicion, noSuspicion, type RouterRecord, type Suspect, type SuspectOptions, suspects, type SuspicionEvent, type SuspicionState } from './suspicion';
