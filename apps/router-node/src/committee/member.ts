/** The parts of a serving committee member; see committee.ts for how they work together. */
import { type MemberState } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Standing } from '../fleet/standing';
import { type Node } from '../node';
import { type CommitteeStore } from '../store/committee-store';

export interface Member extends Node {
  readonly store: CommitteeStore;
  readonly standing: Standing;
}

/** Throws `unavailable` before the fleet documents are known. */
export function memberState({ store }: Pick<Member, 'store'>): MemberState {
  const { state } = store.journal;
  if (!state) throw new SecaggError('unavailable', 'the fleet documents are not known yet');
  return state;
}
