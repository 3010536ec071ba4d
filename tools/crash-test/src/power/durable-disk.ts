/**
 * A disk that keeps, when the power goes, what was synced and nothing else: a file's bytes once the file was synced,
 * and its name once the folder was, as POSIX promises no more. What exists at the beginning counts as synced. Removals
 * count at once.
 */
import { type SystemCall } from './strace-log';

type Change = { readonly offset: number; readonly bytes: Buffer } | { readonly length: number };

interface File {
  /** Bytes of the last sync. */
  synced: Buffer;
  /** Length as a running system shows it. */
  length: number;
  /** Since the last sync, in order. */
  readonly pending: Change[];
  nameIsSynced: boolean;
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

export class DurableDisk {
  private readonly files = new Map<string, File>();
  /** Made, and lost again unless the folder above is synced. */
  private readonly looseFolders = new Set<string>();

  /**
   * @param root only what is below it is looked at
   * @param existing content of the files there at the beginning, by path
   */
  constructor(
    private readonly root: string,
    existing: ReadonlyMap<string, Buffer>,
  ) {
    for (const [path, bytes] of existing)
      this.files.set(path, { synced: Buffer.from(bytes), length: bytes.length, pending: [], nameIsSynced: true });
  }

  apply(call: SystemCall): void {
    if (!('path' in call) || !this.isInside(call.path)) return;
    const { path } = call;
    switch (call.kind) {
      case 'create':
        this.file(path);
        return;
      case 'make-folder':
        this.looseFolders.add(path);
        return;
      case 'write':
        write(this.file(path), call.offset, call.bytes);
        return;
      case 'truncate': {
        const file = this.file(path);
        file.length = call.length;
        file.pending.push({ length: call.length });
        return;
      }
      case 'sync':
        this.sync(path);
        return;
      case 'remove':
        this.files.delete(path);
        return;
      case 'rename': {
        const file = this.file(path);
        this.files.delete(path);
        this.files.set(call.to, { ...file, nameIsSynced: false });
      }
    }
  }

  /** What is found after the power has come back, by path. */
  afterPowerLoss(): Map<string, Buffer> {
    const left = new Map<string, Buffer>();
    for (const [path, { synced, nameIsSynced }] of this.files)
      if (nameIsSynced && !this.isLoose(folderOf(path))) left.set(path, synced);
    return left;
  }

  /** Files whose latest bytes would be lost. */
  unsynced(): string[] {
    return [...this.files]
      .filter(([, { pending }]) => pending.length > 0)
      .map(([path]) => path)
      .sort();
  }

  private sync(path: string): void {
    const file = this.files.get(path);
    if (file) {
      for (const change of file.pending.splice(0)) file.synced = changed(file.synced, change);
      return;
    }
    for (const [name, entry] of this.files) if (folderOf(name) === path) entry.nameIsSynced = true;
    for (const folder of this.looseFolders) if (folderOf(folder) === path) this.looseFolders.delete(folder);
  }

  private file(path: string): File {
    const known = this.files.get(path);
    if (known) return known;
    const fresh = { synced: Buffer.alloc(0), length: 0, pending: [], nameIsSynced: false };
    this.files.set(path, fresh);
    return fresh;
  }

  private isInside = (path: string): boolean =>
    path === this.root || path.startsWith(`${this.root}/`) || path === folderOf(this.root);

  private isLoose(folder: string): boolean {
    for (let each = folder; each !== '/'; each = folderOf(each)) if (this.looseFolders.has(each)) return true;
    return false;
  }
}

function write(file: File, offset: number | undefined, bytes: Buffer): void {
  const start = offset ?? file.length;
  file.length = Math.max(file.length, start + bytes.length);
  file.pending.push({ offset: start, bytes });
}

/** May change the bytes in place. */
function changed(bytes: Buffer, change: Change): Buffer {
  if ('length' in change) return resized(bytes, change.length);
  const { offset, bytes: added } = change;
  const result = resized(bytes, Math.max(bytes.length, offset + added.length));
  added.copy(result, offset);
  return result;
}

const resized = (bytes: Buffer, length: number): Buffer =>
  length <= bytes.length ? bytes.subarray(0, length) : Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
