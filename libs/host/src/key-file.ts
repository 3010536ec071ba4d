import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { exitCodes } from './exit-codes';
import { HostFault } from './host-fault';
import { GROUP_ACCESS_HINT } from './owner-only';

/** Nobody but the owner, who does not run it. */
const FORBIDDEN = 0o177;
const GROUP_READS = 0o040;

/**
 * The content of a file with a secret key, which must belong to its owner alone (0600 or 0400); a link is followed.
 * Throws {@link HostFault} naming the setting and the file, never the content.
 * @param groupAccess the file's group may read it too, and nothing else
 */
export function readKeyFile(setting: string, path: string, groupAccess = false): Uint8Array {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const found = fstatSync(file);
    // The mode of a folder would be told of first.
    if (!found.isDirectory()) checkMode(setting, path, found.mode & 0o777, groupAccess);
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    if (error instanceof HostFault) throw error;
    throw new HostFault(
      exitCodes.config,
      `${setting}: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`,
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function checkMode(setting: string, path: string, mode: number, groupAccess: boolean): void {
  if ((mode & (groupAccess ? FORBIDDEN & ~GROUP_READS : FORBIDDEN)) === 0) return;
  const hint = (mode & FORBIDDEN) === GROUP_READS ? `, ${GROUP_ACCESS_HINT}` : '';
  throw new HostFault(
    exitCodes.noPermission,
    `${setting}: ${path} has mode ${mode.toString(8).padStart(4, '0')}; it must be readable by its owner only (chmod 600 ${path}${hint})`,
  );
}
