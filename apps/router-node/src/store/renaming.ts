/**
 * What waits has the names of the fleet: where the rules have changed since it came, it is renamed by those of now, a
 * part at a time. A name that earlier rules have replaced does not come back.
 */
import { signalKeySchema, splitSignalKey, signalKey } from '@secagg/schema';
import { aliasedKey, type AliasRules, createAliases } from '../ingest/names/aliases';
import { type Database } from '@secagg/journal/sqlite';
import { type ObservationTable } from './observations';
import { type OwnRequests } from './own-requests';
import { type ReportedRequests } from './reported-requests';

interface Renamed {
  readonly from: string;
  readonly model: string;
  readonly task: string;
}

const MANY = 1_000_000;

export class Renaming {
  private left: Renamed[] | undefined;

  constructor(
    private readonly database: Database,
    private readonly observations: ObservationTable,
    private readonly requests: ReportedRequests,
    private readonly own: OwnRequests,
    private readonly rules: AliasRules,
  ) {}

  /** Renames a part; a transaction of its own. @returns whether all is done */
  step(): boolean {
    return this.database.transaction(() => {
      const text = JSON.stringify(this.rules);
      if (this.database.get('SELECT aliases FROM state')?.[0] === text) return true;
      if (!this.left) {
        const aliases = createAliases(this.rules);
        this.own.rename((key) => aliasedKey(aliases, key));
        this.left = this.keysToRename();
      }
      const next = this.left.at(-1);
      if (!next) {
        this.database.run('UPDATE state SET aliases = ?', text);
        return true;
      }
      const { from, model, task } = next;
      if (this.observations.renameSome(from, { model, task }, (old, id) => this.requests.move(old, id)))
        this.left.pop();
      return false;
    });
  }

  private keysToRename(): Renamed[] {
    const aliases = createAliases(this.rules);
    return this.observations.waitingByKey(MANY).flatMap(([from]) => {
      if (!signalKeySchema.safeParse(from).success) return [];
      const { model, task } = splitSignalKey(from);
      const renamed = { from, model: aliases.model(model), task: aliases.task(task) };
      return renamed.model !== model || renamed.task !== task ? (makesKey(renamed) ? [renamed] : []) : [];
    });
  }
}

function makesKey({ model, task }: Renamed): boolean {
  try {
    signalKey(model, task);
    return true;
  } catch {
    return false;
  }
}
