/** Posterior of the number of requests of a key in a round (docs/priors.md, "Withheld cells"). */
import { type CellEvidence } from './evidence';
import { type Moments, momentsOf } from './moments';
import { logNormalCdf } from './special';

interface Weighed {
  readonly cell: CellEvidence;
  readonly weight: number;
}

/** A withheld count says that it was below its threshold, and no more. Undefined where no round says anything. */
export function volumePosterior(cells: readonly Weighed[]): Moments | undefined {
  const told = cells.filter(({ cell }) => cell.kind !== 'unknown');
  if (told.length === 0) return undefined;
  const high = Math.max(
    ...told.map(({ cell }) => {
      if (cell.kind === 'measured')
        return cell.samples.value + 10 * Math.sqrt(cell.samples.variance + cell.samples.value ** 2 * 0.01);
      return cell.kind === 'censored' ? cell.below + 10 * Math.sqrt(cell.variance) : 0;
    }),
    10,
  );
  return momentsOf((rate) => told.reduce((sum, { cell, weight }) => sum + weight * logOf(cell, rate), 0), 0, high);
}

function logOf(cell: CellEvidence, rate: number): number {
  if (cell.kind === 'unknown') return 0;
  const noise = cell.kind === 'measured' ? cell.samples.variance : cell.variance;
  const variance = noise + rate;
  if (cell.kind === 'censored') return logNormalCdf((cell.below - rate) / Math.sqrt(variance));
  const off = cell.samples.value - rate;
  return -0.5 * ((off * off) / variance + Math.log(variance));
}
