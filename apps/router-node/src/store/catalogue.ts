/** The keys that rounds take, as the last round had them that this router prepared for. */
import { type Database } from '@secagg/journal/sqlite';

export class Catalogue {
  private keys: ReadonlySet<string>;

  constructor(private readonly database: Database) {
    this.keys = new Set(database.all('SELECT key FROM catalogue').map(([key]) => key as string));
  }

  /** False before the first round: then nobody can tell which keys rounds will take. */
  get isKnown(): boolean {
    return this.keys.size > 0;
  }

  /** Whether rounds take this key, as far as that is known. */
  lists(key: string): boolean {
    return !this.isKnown || this.keys.has(key);
  }

  list(): readonly string[] {
    return [...this.keys];
  }

  /** @returns whether these are other keys than before */
  learn(keys: readonly string[]): boolean {
    if (keys.length === this.keys.size && keys.every((key) => this.keys.has(key))) return false;
    this.database.transaction(() => {
      this.database.run('DELETE FROM catalogue');
      this.database.run('INSERT INTO catalogue SELECT value FROM json_each(?)', JSON.stringify(keys));
    });
    this.keys = new Set(keys);
    return true;
  }
}
