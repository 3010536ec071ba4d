/** A bearer token in a file: what callers of a service have to show. */
import { exitCodes } from './exit-codes';
import { HostFault } from './host-fault';
import { readKeyFile } from './key-file';

const MIN_LENGTH = 16;

/** Printable text without white space, of a file that only its owner may read. Throws {@link HostFault}. */
export function readTokenFile(setting: string, file: string, groupAccess = false): string {
  const text = Buffer.from(readKeyFile(setting, file, groupAccess))
    .toString('latin1')
    .trim();
  if (text.length < MIN_LENGTH || !/^[\x21-\x7e]+$/.test(text))
    throw new HostFault(
      exitCodes.config,
      `${setting}: ${file} must hold a token of at least ${MIN_LENGTH} printable characters without white space`,
    );
  return text;
}
