import { type IngestAnswer } from '@secagg/client';
import { type IngestSource, type RouterNodeMetrics } from '@secagg/metrics';

/** Rows by what has become of them. */
export function countAnswer(
  source: IngestSource,
  { accepted, skipped, rejected, rejected_not_listed: more }: IngestAnswer,
  { rowsTaken }: Pick<RouterNodeMetrics, 'rowsTaken'>,
): void {
  if (accepted > 0) rowsTaken(source, 'accepted', '', accepted);
  for (const [reason, count] of Object.entries(skipped)) rowsTaken(source, 'skipped', reason, count);
  const byCode = new Map<string, number>();
  for (const { code } of rejected) byCode.set(code, (byCode.get(code) ?? 0) + 1);
  for (const [code, count] of byCode) rowsTaken(source, 'rejected', code, count);
  if (more !== undefined) rowsTaken(source, 'rejected', 'not_listed', more);
}
