import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { exitCodes } from './exit-codes';
import { faultOf } from './fault-of';
import { HostFault } from './host-fault';

/**
 * Makes the folder that the database lies in, where it is missing. A database syncs what it writes and the names of its
 * files, not the name of the folder around them: that is done here, or a power loss could take the folder with all that
 * is in it. Throws {@link HostFault} naming the setting.
 */
export function makeDataFolder(setting: string, path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    const { exitCode, message } = faultOf(error);
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw exitCode === exitCodes.software
      ? new HostFault(exitCodes.config, `${setting}: ${path} cannot be made a folder: ${code}`, { cause: error })
      : new HostFault(exitCode, `${setting}: ${message}`, { cause: error });
  }
}

function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  try {
    for (let folder = path; ; folder = dirname(folder)) {
      syncFolder(dirname(folder));
      if (first === undefined || folder === first) return;
    }
  } catch (error) {
    // An existing folder may lie in one that this user cannot read; its name was made durable when it was created.
    if (first !== undefined) throw error;
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
