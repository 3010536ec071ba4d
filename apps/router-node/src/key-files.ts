/** Keys in files: secret ones belong to their owner alone, or they are not used. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { ConfigError } from './config';

const KEY_BYTES = 32;

/** 32 raw bytes from a file of mode 0600 (or 0400). Throws {@link ConfigError} naming the setting, never the content. */
export function readSecretKey(setting: string, path: string): Uint8Array {
  const { bytes, mode } = readKeyFile(setting, path);
  if ((mode & 0o177) !== 0) {
    throw new ConfigError(`${setting}: ${path} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}; it must be readable by its owner only (0600)`);
  }
  if (bytes.length !== KEY_BYTES) throw new ConfigError(`${setting}: ${path} has ${bytes.length} bytes instead of ${KEY_BYTES}`);
  return bytes;
}

/** 32 raw bytes or 64 hexadecimal digits. Throws {@link ConfigError}. */
export function readPublicKey(setting: string, path: string): Uint8Array {
  const { bytes } = readKeyFile(setting, path);
  if (bytes.length === KEY_BYTES) return bytes;
  const text = Buffer.from(bytes).toString('latin1').trim();
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new ConfigError(`${setting}: ${path} holds neither ${KEY_BYTES} bytes nor 64 hexadecimal digits`);
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function readKeyFile(setting: string, path: string): { bytes: Uint8Array; mode: number } {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new ConfigError(`${setting}: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
  try {
    return { bytes: new Uint8Array(readFileSync(file)), mode: fstatSync(file).mode };
  } finally {
    closeSync(file);
  }
}
