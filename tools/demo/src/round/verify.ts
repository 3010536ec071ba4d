/** Judges a finished round from its published transcript, and from the truth that only the demo knows. */
import { auditFiles, auditTranscript, type PublishedResult, publishedResult, splitTranscript } from '@secagg/protocol';
import { SecaggError, type Transcript } from '@secagg/schema';
import { type Comparison } from './compare';

export interface AuditedTranscript {
  /** Empty when the transcript does not verify. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Absent when the round was aborted, or the transcript does not verify. */
  readonly result?: PublishedResult;
  readonly problems: readonly string[];
}

/** Audits a transcript from the authority's key alone, and once more in the form of files in which it is handed on. */
export function auditPublished(authorityKey: Uint8Array, transcript: Transcript): AuditedTranscript {
  try {
    const audited = auditTranscript(authorityKey, transcript);
    const result = audited.kind === 'opened' ? publishedResult(audited) : undefined;
    const files = splitTranscript(authorityKey, transcript, result);
    auditFiles(files, authorityKey);
    const problems = (result?.implausible ?? []).map(
      ({ group, reason }) => `no honest routers can have sent the sum of group ${group}: ${reason}`,
    );
    return { files, ...(result ? { result } : {}), problems };
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    return { files: new Map(), problems: [`the transcript does not verify: ${error.code}: ${error.message}`] };
  }
}

/** Past this many standard errors a count is wrong, not unlucky: less than one chance in 10^14. */
const MOST_STANDARD_ERRORS = 8;

/** What the comparison with the truth finds to be wrong. */
export function judge(comparison: Comparison, noise: boolean): string[] {
  if (noise)
    return comparison.largestCountError > MOST_STANDARD_ERRORS
      ? [`a count is ${comparison.largestCountError.toFixed(1)} standard errors from the truth`]
      : [];
  return comparison.mismatches.map(
    ({ key, measure, value, truth }) => `${key} ${measure}: ${value} instead of ${truth}`,
  );
}
