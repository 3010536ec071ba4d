/**
 * One thing after the other, the most urgent first: a round has a time by which it must be prepared, so it waits for no
 * more than the step that is under way. Jobs of the same urgency run in the order they came.
 */

export type Urgency = 'round' | 'release' | 'other';

/** Does a part of a job, well below a second. @returns what the job comes to, once it is done */
export type Step<T> = () => { readonly done: T } | undefined;

const ORDER: readonly Urgency[] = ['round', 'release', 'other'];

export class Jobs {
  private readonly waiting: Readonly<Record<Urgency, (() => boolean)[]>> = { round: [], release: [], other: [] };
  private isRunning = false;

  /** Runs steps until one of them is done, or throws. */
  do<T>(urgency: Urgency, step: Step<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting[urgency].push(() => {
        try {
          const result = step();
          if (result) resolve(result.done);
          return result !== undefined;
        } catch (error) {
          reject(error);
          return true;
        }
      });
      if (this.isRunning) return;
      this.isRunning = true;
      setImmediate(() => this.run());
    });
  }

  private run(): void {
    const queue = ORDER.map((urgency) => this.waiting[urgency]).find(({ length }) => length > 0);
    this.isRunning = queue !== undefined;
    if (!queue) return;
    if (queue[0]()) queue.shift();
    // What has arrived meanwhile may be more urgent.
    setImmediate(() => this.run());
  }
}
