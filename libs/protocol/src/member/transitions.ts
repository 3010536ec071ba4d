/**
 * A member's seat in an epoch, and what it has said in a round (docs/protocol.md, "States"; a test compares the
 * tables).
 */
import { type Transitions } from '../role';
import { type MemberRound, type MemberSeat } from './state';

export type SeatPhase = 'nothing' | 'taken' | 'signed' | 'erased';

export const seatTransitions: Transitions<SeatPhase> = {
  nothing: ['taken'],
  taken: ['signed', 'erased'],
  signed: ['erased'],
  erased: [],
};

export const seatPhase = (seat: MemberSeat | undefined): SeatPhase =>
  seat ? (seat.signedBody ? 'signed' : 'taken') : 'nothing';

export type MemberRoundPhase = 'nothing' | 'reported' | 'voted' | 'answered';

export const memberRoundTransitions: Transitions<MemberRoundPhase> = {
  nothing: ['reported', 'voted', 'answered'],
  reported: ['voted', 'answered'],
  voted: ['answered'],
  answered: [],
};

/** The last thing that it has said, in the order of the protocol. */
export const memberRoundPhase = ({ report, vote, answered }: MemberRound): MemberRoundPhase =>
  answered ? 'answered' : vote ? 'voted' : report ? 'reported' : 'nothing';
