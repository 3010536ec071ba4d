/** The phases of a round at the coordinator (docs/protocol.md, "States"; a test compares the tables). */
import { type RoundPhase } from '@secagg/schema';
import { type Transitions } from '../role';

export const roundTransitions: Transitions<RoundPhase> = {
  collecting: ['checking', 'aborting', 'aborted', 'undecided'],
  checking: ['voting', 'aborting', 'aborted'],
  voting: ['answering', 'aborting', 'aborted', 'undecided'],
  aborting: ['answering', 'aborted', 'undecided'],
  answering: ['published', 'undecided'],
  undecided: ['answering', 'aborted'],
  published: [],
  aborted: [],
};
