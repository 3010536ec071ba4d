/** The authority's public key from its file. */
import { readFileSync } from 'node:fs';
import { exitCodes, HostFault } from '@secagg/host';

const KEY_BYTES = 32;

/** 32 raw bytes or 64 hexadecimal digits. Throws {@link HostFault} naming the setting. */
export function readPublicKey(setting: string, path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new HostFault(
      exitCodes.config,
      `${setting}: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`,
    );
  }
  if (bytes.length === KEY_BYTES) return bytes;
  const text = Buffer.from(bytes).toString('latin1').trim();
  if (!/^[0-9a-fA-F]{64}$/.test(text))
    throw new HostFault(
      exitCodes.config,
      `${setting}: ${path} holds neither ${KEY_BYTES} bytes nor 64 hexadecimal digits`,
    );
  return new Uint8Array(Buffer.from(text, 'hex'));
}
