/** The parts of a serving committee member; see committee.ts for how they work together. */
import { type MemberState } from '@secagg/protocol';
import { type Standing } from '../fleet/standing';
import { type Node } from '../node';
import { type CommitteeStore } from '../store/committee-store';

export interface Member extends Node {
  readonly store: CommitteeStore;
  readonly standing: Standing;
}

/** Throws `unavailable` before the fleet documents are known. */
export function memberState({ store }: Pick<Member, 'store'>): MemberState {
  return store.journal.state;
}
