import { type Migration } from '../migrate';

/** 1 where every key of the signal is withheld: such a one is given out only where there is no other. */
export const emptySignals: Migration = {
  version: 7,
  async up(db, { integer }) {
    await db.schema.alterTable('finished_rounds').addColumn('is_empty', integer).execute();
  },
};
