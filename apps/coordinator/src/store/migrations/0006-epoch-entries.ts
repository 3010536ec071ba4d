import { type CoordinatorEvent } from '@secagg/protocol';
import { type Bytes, decodeCanonical } from '@secagg/schema';
import { type Kysely } from 'kysely';
import { entryKeyOf } from '../../event-codec';
import { type Migration } from '../migrate';

interface Journal {
  journal: { id: number; round_key: string | null; type: string; body: Bytes };
}

const PAGE = 500;

/** Entries of epochs get the key that they are removed by, which earlier releases did not write. */
export const epochEntries: Migration = {
  version: 6,
  async up(db) {
    const journal = db as unknown as Kysely<Journal>;
    for (let after = 0; ; ) {
      const page = await journal
        .selectFrom('journal')
        .select(['id', 'body'])
        .where('id', '>', after)
        .where('type', 'in', ['epoch-started', 'seat-taken', 'epoch-proposed', 'epoch-signed'])
        .where('round_key', 'is', null)
        .orderBy('id')
        .limit(PAGE)
        .execute();
      for (const { id, body } of page) {
        const key = entryKeyOf(decodeCanonical(new Uint8Array(body)) as CoordinatorEvent) ?? null;
        await journal.updateTable('journal').set({ round_key: key }).where('id', '=', id).execute();
      }
      if (page.length < PAGE) return;
      after = page[page.length - 1].id;
    }
  },
};
