/** Whom the demo kills in a round. */
import { type DemoOptions } from '../options';

export interface Dropouts {
  /** Killed from outside after the announcement, before anything is sent. */
  readonly afterAnnouncement: readonly string[];
  /** Kill themselves between their vote and their answer. */
  readonly beforeAnswer: readonly string[];
}

/** The last non-members first, then the last members; the members to drop as such are taken from the others. */
export function chooseDropouts(
  routers: readonly string[],
  members: readonly string[],
  options: Pick<DemoOptions, 'drop' | 'dropCommittee' | 'dropCommitteeAt'>,
): Dropouts {
  const nonMembers = routers.filter((id) => !members.includes(id)).reverse();
  const membersFromEnd = [...members].reverse();
  const committee = membersFromEnd.slice(0, options.dropCommittee);
  const plain = [...nonMembers, ...membersFromEnd.slice(options.dropCommittee)].slice(0, options.drop);
  return options.dropCommitteeAt === 'announce'
    ? { afterAnnouncement: [...plain, ...committee], beforeAnswer: [] }
    : { afterAnnouncement: plain, beforeAnswer: committee };
}
