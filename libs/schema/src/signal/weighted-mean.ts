import { CompensatedSum } from './compensated-sum';

/**
 * Mean of values >= 0 under weights >= 0, in float64 with compensated sums. The result is held between the smallest and
 * the largest value, which rounding alone could leave.
 */
export class WeightedMean {
  private readonly total = new CompensatedSum();
  private readonly weights = new CompensatedSum();
  private least = Infinity;
  private most = -Infinity;

  add(value: number, weight = 1): void {
    this.total.add(value * weight);
    this.weights.add(weight);
    this.least = Math.min(this.least, value);
    this.most = Math.max(this.most, value);
  }

  get weight(): number {
    return this.weights.value;
  }

  /** Undefined while nothing of positive weight was added. */
  get mean(): number | undefined {
    return this.weight > 0 ? Math.min(this.most, Math.max(this.least, this.total.value / this.weight)) : undefined;
  }
}
