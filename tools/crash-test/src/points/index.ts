import { coordinatorPoints } from './coordinator-points';
import { type CrashPoint } from './crash-point';
import { memberPoints, routerPoints } from './node-points';

export { coordinatorOperations } from './coordinator-points';
export { type CrashPoint, type Need, type Role } from './crash-point';

/** In the order in which a node makes its databases, each once: `committee.db`, `router.db`, `observations.db`. */
export const crashPoints: readonly CrashPoint[] = [...coordinatorPoints, ...memberPoints, ...routerPoints];

const known = new Set(crashPoints.map(({ name }) => name));
/** Events of a node's journals also have names without the journal's. */
const unqualified = new Set(crashPoints.map(({ name }) => name.replace(/:(router|committee)\//, ':')));

/** Names that a process has come by and that the lists here do not have: they would never be killed at. */
export const unknownPoints = (traced: Iterable<string>): string[] =>
  [...new Set(traced)].filter((name) => !known.has(name) && !unqualified.has(name)).sort();
