/** What a traced process promised to others, and what of its files would have survived a power loss just then. */
import { DurableDisk } from '../src/power/durable-disk';
import { parseStraceLog } from '../src/power/strace-log';

export interface Promised {
  /** First line of the request that was answered with success, or that was sent. */
  readonly request: string;
  /** `answered`: by the process. `sent`: by it to somebody else. */
  readonly kind: 'answered' | 'sent';
  readonly bytes: Buffer;
  /** Files with bytes that a power loss would take. */
  readonly unsynced: readonly string[];
  readonly files: ReadonlyMap<string, Buffer>;
}

const firstLine = (bytes: Buffer): string => bytes.subarray(0, bytes.indexOf('\r\n')).toString('latin1');
/** Rebuilt from the log by whoever opens the database, or never read. */
const isRebuilt = (path: string): boolean => path.endsWith('-shm') || path.includes('.lock');

/** Every answer with success to what changes something, and every such request to others, in order. */
export function* promises(log: string, root: string, existing: ReadonlyMap<string, Buffer>): Generator<Promised> {
  const disk = new DurableDisk(root, existing);
  const asked = new Map<string, string>();
  const now = (request: string, kind: Promised['kind'], bytes: Buffer): Promised => ({
    request,
    kind,
    bytes,
    unsynced: disk.unsynced().filter((path) => !isRebuilt(path)),
    files: new Map([...disk.afterPowerLoss()].map(([path, content]) => [path, Buffer.from(content)])),
  });
  for (const call of parseStraceLog(log)) {
    disk.apply(call);
    if (call.kind === 'receive' && /^(POST|PUT) /.test(call.bytes.toString('latin1', 0, 5)))
      asked.set(call.socket, firstLine(call.bytes));
    if (call.kind !== 'send') continue;
    const line = firstLine(call.bytes);
    const request = asked.get(call.socket);
    if (/^(POST|PUT) /.test(line)) yield now(line, 'sent', call.bytes);
    else if (request !== undefined && /^HTTP\/1\.1 2/.test(line)) {
      asked.delete(call.socket);
      yield now(request, 'answered', call.bytes);
    }
  }
}
