/** What the round protects, and how well, in words that can be checked. */
import { rhoToEpsilon } from '@secagg/dp-noise';
import { tolerance } from '@secagg/crypto';
import { type DemoOptions } from '../options';
import { type DemoPlan } from '../plan';
import { type RoundReport } from '../round/run-round';

export interface PrivacyStatement {
  readonly unit: 'request';
  /** Actual cost of the round; null without noise or without a result. */
  readonly epsilon: number | null;
  readonly rho: number | null;
  readonly delta: number;
  /** What routers charged before they sent: the cost with the fewest participants allowed. */
  readonly epsilon_worst_case: number | null;
  /** Budget of every router over 30 days. */
  readonly budget_epsilon: number | null;
  readonly noise_scale: number | null;
  /** Routers whose noise is not counted on; the others of the fewest participants are the honest quorum. */
  readonly assumed_colluders: number;
  readonly honest_quorum: number;
  readonly protects: string;
}

export function privacyStatement(
  options: DemoOptions,
  plan: DemoPlan,
  budgetRho: number,
  report: RoundReport,
): PrivacyStatement {
  const delta = 1 / plan.deltaInverse;
  const privacy = report.result?.privacy;
  const none = options.unsafeNoNoise;
  return {
    unit: 'request',
    epsilon: privacy?.epsilon ?? null,
    rho: privacy?.rho ?? null,
    delta,
    epsilon_worst_case: none ? null : rhoToEpsilon(plan.rho, delta),
    budget_epsilon: none ? null : rhoToEpsilon(budgetRho, delta),
    noise_scale: report.result?.signal.noise_scale ?? null,
    assumed_colluders: options.assumedColluders,
    honest_quorum: options.minParticipants - options.assumedColluders,
    protects: none
      ? "Nothing: there is no noise. The coordinator and anybody else still see sums only, no router's own values."
      : 'Any single request: whether it was made, and how it went. What is published would be about as likely without it. Not protected: that a router took part, and totals that many requests of one user share.',
  };
}

export function describePrivacy(statement: PrivacyStatement, options: DemoOptions): string[] {
  const { committee, threshold } = options;
  const lines =
    statement.epsilon === null
      ? [`privacy: ${statement.protects}`]
      : [
          `privacy: epsilon ${statement.epsilon.toFixed(3)} at delta ${statement.delta} for one request in this round (charged beforehand: ${statement.epsilon_worst_case?.toFixed(3)}, of a budget of ${statement.budget_epsilon?.toFixed(2)} in 30 days)`,
          `  protects: ${statement.protects}`,
          `  counted on: the noise of ${statement.honest_quorum} of at least ${options.minParticipants} routers: up to ${threshold - 1} of the committee, whose members are routers too, and up to ${statement.assumed_colluders - threshold + 1} more may collude`,
        ];
  return [...lines, `  ${tolerance(committee, threshold).statement}`];
}
