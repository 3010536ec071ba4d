/** What `secagg backup` and `secagg restore` leave in a database for the coordinator that opens it next. */
import { type RestoredFrom } from '@secagg/protocol';

export interface MarkRow {
  readonly made_at_ms: number | null;
  readonly assumed_numbers: number | null;
}

export const restoredFrom = (row: MarkRow | undefined): RestoredFrom | undefined =>
  row && {
    ...(row.made_at_ms === null ? {} : { madeAtMs: row.made_at_ms }),
    ...(row.assumed_numbers === null ? {} : { assumedNumbers: row.assumed_numbers }),
  };
