import { exitCodes } from './exit-codes';
import { startFault } from './fault-of';
import { HostFault } from './host-fault';

/** Everything that keeps a process from starting, told at once: an operator need not start it again for each. */
export class Faults {
  private readonly found: HostFault[] = [];

  /** The result of `act`, or undefined when it failed with a fault, which is kept. Bugs are thrown at once. */
  async attempt<T>(act: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      const fault = startFault(error);
      if (fault.exitCode === exitCodes.software) throw error;
      this.found.push(fault);
      return undefined;
    }
  }

  /** Throws one fault with all that was found, under the status of the first. */
  raise(): void {
    const [first] = this.found;
    if (first)
      throw new HostFault(first.exitCode, this.found.map(({ message }) => message).join('\n'), { cause: first });
  }
}
