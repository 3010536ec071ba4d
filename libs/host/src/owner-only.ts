import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { exitCodes } from './exit-codes';
import { HostFault } from './host-fault';

const OTHERS = 0o077;
/** Files that SQLite keeps beside a database; they take their mode from it when they are made. */
const COMPANIONS = ['', '-wal', '-shm', '-journal'];

/**
 * Sees to it that a database file, and what lies beside it, belongs to its owner alone: made with mode 0600 when it is missing.
 * A file that others may read or write is refused and left as it is, since what was readable may have been read.
 * Throws {@link HostFault} naming the file and the remedy.
 */
export function ownerOnlyDatabase(path: string): void {
  const isNew = modeOf(path) === undefined;
  if (isNew) {
    closeSync(openSync(path, 'a', 0o600));
    // The process's umask can only have taken bits away.
    chmodSync(path, 0o600);
  }
  for (const companion of COMPANIONS) requireOwnerOnly(path + companion);
}

/** Throws {@link HostFault} when a file is there that others may read or write. */
export function requireOwnerOnly(path: string): void {
  const mode = modeOf(path);
  if (mode === undefined || (mode & OTHERS) === 0) return;
  throw new HostFault(
    exitCodes.noPermission,
    `${path} has mode ${mode.toString(8).padStart(4, '0')}: others must not read or write it (chmod 600 ${path})`,
  );
}

function modeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mode === undefined ? undefined : statSync(path).mode & 0o777;
}
