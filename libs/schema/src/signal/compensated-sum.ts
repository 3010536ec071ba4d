/**
 * Running sum of float64 numbers with Neumaier's correction (A. Neumaier, ZAMM 54, 1974, algorithm IV): the error is
 * about one rounding of the result plus n^2 roundings of the second order, whatever the order of the terms. The clear
 * sums made with it are what encrypted sums are compared with, so they must not bring an error of their own.
 */
export class CompensatedSum {
  private sum = 0;
  private correction = 0;

  /** Adds one finite number. */
  add(term: number): void {
    const next = this.sum + term;
    this.correction += Math.abs(this.sum) >= Math.abs(term) ? this.sum - next + term : term - next + this.sum;
    this.sum = next;
  }

  get value(): number {
    return this.sum + this.correction;
  }
}
