import { type Migration } from '../migrate';

/** Needs nothing but the first migration. */
export const suspicion: Migration = {
  version: 3,
  sql: `
    -- Clusters of which rounds were counted: how many, and the highest of their numbers.
    CREATE TABLE suspicion_clusters (
      cluster TEXT PRIMARY KEY,
      rounds INTEGER NOT NULL,
      latest_round INTEGER NOT NULL
    );

    -- A router's counted rounds, those in flagged groups, and how many that would be for anybody; the round after which it was named, and
    -- the highest one counted when its quarantine began.
    CREATE TABLE suspicion (
      cluster TEXT NOT NULL,
      router TEXT NOT NULL,
      rounds INTEGER NOT NULL,
      flagged INTEGER NOT NULL,
      expected REAL NOT NULL,
      named_in_round INTEGER,
      quarantined_after INTEGER,
      PRIMARY KEY (cluster, router)
    );
  `,
};
