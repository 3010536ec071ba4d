/** A router's part in a round (docs/protocol.md, "States"; a test compares the tables). */
import { type Transitions } from '../role';
import { type Participation, type RoundOutcome } from './state';

export type ParticipationPhase = 'nothing' | 'prepared' | 'acknowledged' | RoundOutcome;

export const participationTransitions: Transitions<ParticipationPhase> = {
  nothing: ['prepared'],
  prepared: ['acknowledged', 'included', 'left_out', 'aborted', 'undecided'],
  acknowledged: ['included', 'left_out', 'aborted', 'undecided'],
  undecided: ['included', 'left_out', 'aborted'],
  included: [],
  left_out: [],
  aborted: [],
};

export const phaseOf = (participation: Participation | undefined): ParticipationPhase =>
  participation ? (participation.outcome ?? (participation.receipt ? 'acknowledged' : 'prepared')) : 'nothing';
