/** What was killed, where. */
import { type CrashPoint } from '../points';

export class Tally {
  /** Processes that killed themselves at a named point. */
  atPoints = 0;
  /** Processes killed from outside, at whatever they were doing. */
  atInstants = 0;
  /** Processes that were asked to stop; no kills. */
  stops = 0;
  /** By role and name. */
  readonly killed = new Map<string, number>();
  readonly unreached: string[] = [];

  get kills(): number {
    return this.atPoints + this.atInstants;
  }

  atPoint({ role, name }: CrashPoint): void {
    this.atPoints += 1;
    const key = `${role} ${name}`;
    this.killed.set(key, (this.killed.get(key) ?? 0) + 1);
  }
}
