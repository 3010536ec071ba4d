/**
 * The store key: what secrets on disk are sealed under. It comes from a file or the environment and is never written
 * anywhere.
 */
import { exitCodes } from './exit-codes';
import { HostFault } from './host-fault';
import { readKeyFile } from './key-file';

const KEY_BYTES = 32;
const HEX_KEY = /^[0-9a-fA-F]{64}$/;
/** The variable that holds the key itself, in hexadecimal, where a file is not wanted. */
export const STORE_KEY_VARIABLE = 'SECAGG_STORE_KEY';

type Environment = Record<string, string | undefined>;

/**
 * The key from a file of mode 0600 or 0400 (32 raw bytes or 64 hexadecimal digits), or from the environment, where it
 * is deleted then. Undefined when neither is given. Throws {@link HostFault} for both, and for what is no key.
 * @param file path that the configuration names, under the name `setting`
 * @param warn told, for the operator, when the key came with the environment: that of the start stays where the system
 * keeps it
 *   (/proc/<pid>/environ, for the same user and root), and no program can take it back
 */
export function takeStoreKey(
  environment: Environment,
  setting: string,
  file: string | undefined,
  groupAccess: boolean,
  warn: (problem: string) => void,
): Uint8Array | undefined {
  const text = environment[STORE_KEY_VARIABLE];
  // Child processes and diagnostic reports do not show it any more.
  delete environment[STORE_KEY_VARIABLE];
  if (text === undefined || text === '')
    return file === undefined ? undefined : readStoreKeyFile(setting, file, groupAccess);
  if (file !== undefined)
    throw new HostFault(exitCodes.config, `${STORE_KEY_VARIABLE} and ${setting} are both given: which key is meant?`);
  if (!HEX_KEY.test(text))
    throw new HostFault(exitCodes.config, `${STORE_KEY_VARIABLE} must hold ${2 * KEY_BYTES} hexadecimal digits`);
  warn(
    `the store key came in ${STORE_KEY_VARIABLE}: every user who may read the environment of this process can see it while it runs. Prefer a file: ${setting}`,
  );
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** Throws {@link HostFault}. */
export function readStoreKeyFile(setting: string, file: string, groupAccess = false): Uint8Array {
  const content = readKeyFile(setting, file, groupAccess);
  if (content.length === KEY_BYTES) return content;
  const text = Buffer.from(content).toString('latin1').trim();
  if (!HEX_KEY.test(text))
    throw new HostFault(
      exitCodes.config,
      `${setting}: ${file} must hold ${KEY_BYTES} bytes, or ${2 * KEY_BYTES} hexadecimal digits`,
    );
  return new Uint8Array(Buffer.from(text, 'hex'));
}
