/** Own requests in files of releases that did not add them up: those that still wait. */
import { addStatistics, noOwnStatistics, type OwnStatistics, statisticsOf } from '@secagg/priors';
import { type Database } from '@secagg/journal/sqlite';
import { type ObservationTable } from './observations';
import { type OwnRequests } from './own-requests';

/**
 * Does nothing where some are known. What a round of before has taken is left out: it would count again in the sums of
 * that round, whose own part nobody has written down.
 */
export function fillOwnRequests(database: Database, observations: ObservationTable, own: OwnRequests): void {
  if (!own.isEmpty) return;
  database.transaction(() => {
    let byKey = new Map<string, OwnStatistics>();
    let spanMs = 0;
    for (const { key, held, receivedAtMs } of observations.waitingByAge()) {
      const itsSpanMs = own.spanOf(receivedAtMs);
      if (itsSpanMs !== spanMs) {
        own.add(byKey, spanMs);
        byKey = new Map();
        spanMs = itsSpanMs;
      }
      byKey.set(key, addStatistics(byKey.get(key) ?? noOwnStatistics, statisticsOf(held)));
    }
    own.add(byKey, spanMs);
  });
}
