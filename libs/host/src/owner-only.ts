import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { exitCodes } from './exit-codes';
import { HostFault } from './host-fault';

/** Files that SQLite keeps beside a database; they take their mode from it when they are made. */
const COMPANIONS = ['', '-wal', '-shm', '-journal'];

/** What an operator allows by the setting `groupAccess`, for messages. */
export const GROUP_ACCESS_HINT =
  'or, where its group may have it as with fsGroup of Kubernetes, SECAGG_GROUP_ACCESS=true';

/**
 * Sees to it that a database file, and what lies beside it, belongs to its owner alone: made with mode 0600 when it is
 * missing. A file that others may read or write is refused and left as it is, since what was readable may have been
 * read. Throws {@link HostFault} naming the file and the remedy.
 * @param groupAccess the file's group may read and write it too
 */
export function ownerOnlyDatabase(path: string, groupAccess = false): void {
  if (modeOf(path) === undefined) {
    closeSync(openSync(path, 'a', 0o600));
    // The process's umask can only have taken bits away.
    chmodSync(path, 0o600);
  }
  for (const companion of COMPANIONS) requireOwnerOnly(path + companion, groupAccess);
}

function requireOwnerOnly(path: string, groupAccess: boolean): void {
  const mode = modeOf(path);
  if (mode === undefined || (mode & (groupAccess ? 0o007 : 0o077)) === 0) return;
  const hint = (mode & 0o007) === 0 ? `, ${GROUP_ACCESS_HINT}` : '';
  throw new HostFault(
    exitCodes.noPermission,
    `${path} has mode ${mode.toString(8).padStart(4, '0')}: others must not read or write it (chmod 600 ${path}${hint})`,
  );
}

function modeOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && found.mode & 0o777;
}
