/** CPU time by role, in one process in which the roles call each other. */

export type Role = 'router' | 'build' | 'coordinator' | 'receive' | `member-${number}` | 'auditor';

/** User and system time of the process, all its threads. */
function processClock(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Charges CPU time to the innermost role at work, so that what the coordinator
 * does while a member waits for its reply is the coordinator's alone.
 */
export class CpuMeter {
  private readonly spentUs = new Map<Role, number>();
  private readonly stack: Role[] = [];
  private last = 0;

  /** @param clock CPU microseconds spent so far */
  constructor(private readonly clock: () => number = processClock) {}

  /** Runs `work` in a role; returns its result. */
  run<T>(role: Role, work: () => T): T {
    this.lap();
    this.stack.push(role);
    try {
      return work();
    } finally {
      this.lap();
      this.stack.pop();
    }
  }

  /** Replaces methods of one object by metered ones. */
  attach<Name extends string>(
    role: Role,
    target: Record<Name, (...args: never[]) => unknown>,
    ...names: readonly Name[]
  ): void {
    for (const name of names) {
      const original = target[name];
      Object.defineProperty(target, name, {
        value: (...args: never[]) => this.run(role, () => original.apply(target, args)),
      });
    }
  }

  /** CPU milliseconds of a role so far. */
  ms(role: Role): number {
    return (this.spentUs.get(role) ?? 0) / 1000;
  }

  reset(): void {
    this.spentUs.clear();
  }

  private lap(): void {
    const now = this.clock();
    const role = this.stack.at(-1);
    if (role !== undefined) this.spentUs.set(role, (this.spentUs.get(role) ?? 0) + now - this.last);
    this.last = now;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
