/** Files that hold no secret: the authority's public key, and certificate authorities of TLS. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SecaggError } from '@secagg/schema';
import { exitCodes } from './exit-codes';
import { HostFault } from './host-fault';

const KEY_BYTES = 32;

/** An Ed25519 public key, 32 bytes or as hexadecimal text. Throws {@link HostFault} naming the setting. */
export function readPublicKey(setting: string, path: string): Uint8Array {
  const bytes = readPublicFile(setting, path);
  if (bytes.length === KEY_BYTES) return bytes;
  const text = Buffer.from(bytes).toString('latin1').trim();
  if (!/^[0-9a-fA-F]{64}$/.test(text))
    throw refusal(setting, path, `must hold ${KEY_BYTES} bytes, or ${2 * KEY_BYTES} hexadecimal digits`);
  return new Uint8Array(Buffer.from(text, 'hex'));
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * Certificates in PEM, at least one and each readable. TLS itself would take a file without any, and then trust nobody.
 */
export function readCertificates(setting: string, path: string): string {
  const text = Buffer.from(readPublicFile(setting, path)).toString('latin1');
  const blocks = [...text.matchAll(BLOCK)].filter(
    ([, kind]) => kind === 'CERTIFICATE' || kind === 'TRUSTED CERTIFICATE',
  );
  if (blocks.length === 0) throw refusal(setting, path, 'holds no certificate in PEM');
  for (const [block] of blocks) {
    try {
      new X509Certificate(block);
    } catch {
      throw refusal(setting, path, 'holds a certificate that cannot be read');
    }
  }
  return text;
}

/**
 * Reads stored fleet documents again under the authority's key; another key than the one they were taken under is the
 * wrong one.
 */
export async function underAuthority<T>(setting: string, stored: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SecaggError) || error.code !== 'bad_signature') throw error;
    throw new HostFault(
      exitCodes.config,
      `${setting}: the fleet documents in ${stored} are not signed by this key (${error.message})`,
      { cause: error },
    );
  }
}

/** Any file that has to be there. Throws {@link HostFault} naming the setting. */
export function readPublicFile(setting: string, path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw refusal(setting, path, `cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`);
  }
}

const refusal = (setting: string, path: string, what: string): HostFault =>
  new HostFault(exitCodes.config, `${setting}: ${path} ${what}`);
