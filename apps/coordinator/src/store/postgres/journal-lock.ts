/** Any constant: what it stands for is this application's journal in this database. */
export const JOURNAL_LOCK = 0x5ecac66;

/**
 * Type of an entry that changes no state: from here on contributions are beside the journal. Earlier releases stop at
 * it.
 */
export const CONTRIBUTIONS_APART = 'contributions-apart';
