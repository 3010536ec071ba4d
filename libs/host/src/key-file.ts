import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { exitCodes } from './exit-codes';
import { HostFault } from './host-fault';

/**
 * The content of a file with a secret key, which must belong to its owner alone (0600 or 0400).
 * Throws {@link HostFault} naming the setting and the file, never the content.
 */
export function readKeyFile(setting: string, path: string): Uint8Array {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new HostFault(
      exitCodes.config,
      `${setting}: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`,
    );
  }
  try {
    const mode = fstatSync(file).mode & 0o777;
    if ((mode & 0o177) !== 0) {
      throw new HostFault(
        exitCodes.noPermission,
        `${setting}: ${path} has mode ${mode.toString(8).padStart(4, '0')}; it must be readable by its owner only (chmod 600 ${path})`,
      );
    }
    return new Uint8Array(readFileSync(file));
  } finally {
    closeSync(file);
  }
}
