/**
 * Which rounds have data of this router. A round claims it before the journal says that the round was answered, and it
 * is released after the journal says how the round ended: so a claim that the journal does not know is of a round that
 * was not answered.
 */
import { ensure } from '@secagg/protocol';
import { failpoint } from '../failpoint';
import { type Database } from '@secagg/journal/sqlite';
import { type ObservationTable } from './observations';
import { type OwnRequests } from './own-requests';
import { type LocalSignalTable } from './local-signal';

/**
 * What becomes of the data of a round: `published` data goes, `unused` data waits for the next round. Data of a round
 * that has ended without an outcome waits too, and carries what the round has charged: it may have been published.
 */
export type Release = 'published' | 'unused' | { readonly chargedUnits: number };

export interface Claim {
  readonly roundKey: string;
  readonly observations: number;
}

export class Claims {
  constructor(
    private readonly database: Database,
    private readonly observations: Pick<ObservationTable, 'removeSome' | 'giveSomeBack'>,
    private readonly localSignal: Pick<LocalSignalTable, 'remove' | 'giveBack'>,
    private readonly own: Pick<OwnRequests, 'removePart'>,
  ) {}

  /** Part of the transaction that takes the data. Throws `stale_round` for a round that has some already. */
  put({ roundKey, observations }: Claim): void {
    const isNew = this.database.get('SELECT 1 FROM claim WHERE round_key = ?', roundKey) === undefined;
    ensure('round.once', isNew, 'stale_round', 'the round has data of this router already');
    this.database.run(
      'INSERT INTO claim VALUES (?, ?) ON CONFLICT (round_key) DO UPDATE SET observations = observations + excluded.observations',
      roundKey,
      observations,
    );
  }

  all(): Claim[] {
    return this.database
      .all('SELECT round_key, observations FROM claim ORDER BY round_key')
      .map(([roundKey, observations]) => ({ roundKey, observations }) as Claim);
  }

  /**
   * Part of it at a time, each in a transaction. Nothing happens for a round that has none. @returns whether it is done
   */
  releaseSome(roundKey: string, release: Release): boolean {
    return this.database.transaction(() => {
      const done =
        release === 'published'
          ? this.observations.removeSome(roundKey)
          : this.observations.giveSomeBack(roundKey, release === 'unused' ? 0 : release.chargedUnits);
      if (done) {
        if (release === 'published') this.localSignal.remove(roundKey);
        else this.localSignal.giveBack(roundKey);
        // What may have been published stays known until that is known.
        if (release === 'unused') this.own.removePart(roundKey);
        this.database.run('DELETE FROM claim WHERE round_key = ?', roundKey);
      }
      failpoint('in-durable:observations-released');
      return done;
    });
  }

  /** All claims of all rounds; what they have goes elsewhere. */
  clear(): void {
    this.database.run('DELETE FROM claim');
  }
}
