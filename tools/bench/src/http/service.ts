/** A service whose memory is measured. */
import { type ProcessSpec, ServiceProcess } from '@secagg/testbed/processes';
import { collectGarbage } from './inspector';

export class Service extends ServiceProcess {
  private inspector: string | undefined;

  constructor({ inspected = false, ...spec }: Omit<ProcessSpec, 'onLine' | 'nodeOptions'> & { inspected?: boolean }) {
    super({
      ...spec,
      nodeOptions: inspected ? ['--inspect=127.0.0.1:0'] : [],
      onLine: (line) => {
        this.inspector ??= /Debugger listening on (ws:\S+)/.exec(line)?.[1];
      },
    });
  }

  /** Resident set in MB once garbage is collected, of a service that was started to be inspected. */
  async neededMemoryMb(): Promise<number> {
    if (this.inspector === undefined) throw new Error(`${this.name} was not started to be inspected`);
    await collectGarbage(this.inspector);
    return this.knownMemoryMb('VmRSS');
  }

  knownMemoryMb(field: 'VmRSS' | 'VmHWM'): number {
    const found = this.memoryMb(field);
    if (found === undefined) throw new Error('this system does not tell the memory of a process');
    return found;
  }
}
