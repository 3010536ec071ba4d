/** The answer to a batch, gathered row by row. */
import { type IngestAnswer } from '@secagg/client';
import { SecaggError } from '@secagg/schema';
import { type RowOutcome } from './ingest-store';
import { type SkipReason } from './row';
import { MAX_KEYS, OTHER_KEYS, type ValueCounts, type ValueField, type ValueNotes } from './values/count-values';

/** Refused rows that are listed; those after them are counted. */
const MAX_LISTED = 10_000;

type MutableCounts = Partial<Record<ValueField, Record<string, number>>>;

export class AnswerBuilder {
  accepted = 0;
  private readonly skipped = new Map<string, number>();
  private readonly rejected: IngestAnswer['rejected'] = [];
  private notListed = 0;
  private readonly clipped: MutableCounts = {};
  private readonly dropped: MutableCounts = {};

  skip(reason: SkipReason, count = 1): void {
    if (count > 0) this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + count);
  }

  /** What has become of a row at the store. */
  settle(index: number, outcome: RowOutcome): void {
    if (outcome === 'accepted') this.accepted += 1;
    else if (outcome === 'full')
      this.reject(index, new SecaggError('overloaded', 'there is no room for it until a round has taken some'));
    else this.skip(outcome === 'taken' ? 'request_taken' : outcome);
  }

  reject(index: number, { code, message, details }: SecaggError): void {
    if (this.rejected.length >= MAX_LISTED) this.notListed += 1;
    else
      this.rejected.push({ index, code, message, ...(typeof details.path === 'string' ? { path: details.path } : {}) });
  }

  note({ clipped, dropped }: ValueNotes): void {
    add(this.clipped, clipped);
    add(this.dropped, dropped);
  }

  build(): IngestAnswer {
    return {
      accepted: this.accepted,
      skipped: Object.fromEntries(this.skipped),
      rejected: this.rejected,
      ...(this.notListed > 0 ? { rejected_not_listed: this.notListed } : {}),
      ...(hasSome(this.clipped) ? { clipped: this.clipped } : {}),
      ...(hasSome(this.dropped) ? { dropped: this.dropped } : {}),
    };
  }
}

const hasSome = (counts: object): boolean => Object.keys(counts).length > 0;

/** A batch may have any number of keys; those past the first ones of a field count together. */
function add(total: MutableCounts, more: ValueCounts): void {
  for (const [field, keys] of Object.entries(more) as [ValueField, Record<string, number>][]) {
    const own = (total[field] ??= {});
    let listed = Object.keys(own).length;
    for (const [key, count] of Object.entries(keys)) {
      const isNew = !Object.hasOwn(own, key);
      const shown = isNew && listed >= MAX_KEYS ? OTHER_KEYS : key;
      if (isNew && shown === key) listed += 1;
      own[shown] = (own[shown] ?? 0) + count;
    }
  }
}
