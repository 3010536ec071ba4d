import { type RoundPhase } from '@secagg/schema';

/** Phases that no step of this service leads out of. (Late votes can still bring an undecided round to a decision.) */
export const isFinal = (phase: RoundPhase): boolean =>
  phase === 'published' || phase === 'aborted' || phase === 'undecided';
