/** Which holder is asked for a missing piece (docs/protocol.md, "Answering"). */
import { type CoordinatorContext, type RoundState } from './state';

/**
 * Whose turn it is to send missing pieces: it moves on to the next holder each time the grace for an answer has passed.
 */
export const answerTurn = (round: RoundState, context: CoordinatorContext, nowMs: number): number =>
  Math.floor(Math.abs(nowMs - (round.decidedAtMs ?? nowMs)) / context.timings.answerGraceMs);
