/** A start with plans that the fleet policy refuses is refused: by field, all of them at once. */
import { type FleetView } from '@secagg/protocol';
import { ConfigError } from '../config';
import { planProblems, planProblemText } from './plan-problems';
import { type TriggeredCluster } from './triggers';

/** Throws ConfigError. */
export function checkPlans(view: FleetView, clusters: readonly TriggeredCluster[]): void {
  const refused = clusters.flatMap(({ plan }, index) =>
    planProblems(view, plan).map((problem) => `clusters.${index}.${planProblemText(problem)}`),
  );
  if (refused.length > 0) throw new ConfigError(refused.join('\n'));
}
