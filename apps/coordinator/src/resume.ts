/**
 * What a coordinator does first whose database was brought back from a backup (docs/protocol.md, "Numbers and
 * backups").
 */
import { type CoordinatorEvent, ofRoundKey, resumeFromBackup } from '@secagg/protocol';
import { type Logger } from 'pino';
import { entryOf } from './event-codec';
import { type JournaledState } from './journaled-state';
import { type Store } from './store/store';

/** Throws `unavailable`, and changes nothing, where it cannot be told which numbers were used since. */
export async function resumeEmbedded(
  journal: JournaledState,
  store: Pick<Store, 'append' | 'backupMark'>,
  nowMs: number,
  logger: Logger,
): Promise<void> {
  const mark = await store.backupMark();
  if (!mark) return;
  const { events } = resumeFromBackup(journal.state, mark, nowMs);
  for (const event of events) journal.replay(event);
  await store.append({ entries: events.map(entryOf), removesMark: true });
  tellResumed(logger, events);
}

export function tellResumed(logger: Logger, events: readonly CoordinatorEvent[]): void {
  for (const event of events) {
    if (event.type === 'restored')
      logger.warn(
        { next_rounds: Object.fromEntries(event.rounds), next_round_elsewhere: event.otherRounds, epoch: event.epochs },
        'this coordinator comes back from a backup: its rounds and epochs go on above these numbers, which it may have used',
      );
    if (event.type === 'abort-proposed')
      logger.warn(
        { ...ofRoundKey(event.key), reason: event.reason },
        'a round that was open in the backup is dropped: members are asked to abort it',
      );
  }
}
