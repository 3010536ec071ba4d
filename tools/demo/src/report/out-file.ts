/** The result of the demo as one JSON object. */
import { type DemoFleet } from '../fleet/demo-fleet';
import { type DemoOptions } from '../options';
import { type DemoPlan } from '../plan';
import { type RoundReport } from '../round/run-round';
import { privacyStatement } from './privacy';

export function outFile(
  options: DemoOptions,
  plan: DemoPlan,
  fleet: DemoFleet,
  reports: readonly RoundReport[],
  timings: Readonly<Record<string, number>>,
) {
  const last = reports[reports.length - 1];
  const problems = reports.flatMap((report) => report.problems);
  return {
    signal: last.result?.signal ?? null,
    truth: last.truth ?? null,
    details: last.result?.details ?? null,
    withheld: last.result?.withheld ?? null,
    participants: last.participants,
    dropped: last.dropped,
    rounds: reports.map((report) => ({
      round: report.round,
      outcome: report.outcome,
      ...(report.reason === undefined ? {} : { reason: report.reason }),
      participants: report.participants,
      dropped: report.dropped,
      killed: report.killed,
      signal: report.result?.signal ?? null,
      truth: report.truth ?? null,
      privacy: report.result?.privacy ?? null,
      ...(report.comparison
        ? { errors: { mismatches: report.comparison.mismatches.length, ...report.comparison.standardised } }
        : {}),
      verified: report.problems.length === 0,
      timings: report.timings,
    })),
    privacy: privacyStatement(options, plan, fleet.budgetRho, last),
    resolution: plan.resolution,
    audit: {
      verified: problems.length === 0,
      problems,
      authority: Buffer.from(fleet.authority.publicKey).toString('hex'),
    },
    timings: { ...timings, ...last.timings },
    options,
  };
}
