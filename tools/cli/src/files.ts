/** Disk access of the CLI. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { readKeyFile } from '@secagg/host';
import { Refusal } from './output';

/** Writes a file that nobody but its owner may read. An existing one is never overwritten. */
export function writeSecret(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'wx', 0o600);
  writeAndSync(file, bytes);
}

/** Reads a 32-byte Ed25519 seed from a file that only its owner may read. */
export function readSecret(path: string): Uint8Array {
  const bytes = readKeyFile('private key', path);
  if (bytes.length !== 32) throw new Refusal(`${path} is no private key: it has ${bytes.length} bytes instead of 32`);
  return bytes;
}

/** Replaces a file that nobody but its owner may read, in one step: a crash leaves the old or the new one. */
export function replaceSecret(path: string, bytes: Uint8Array): void {
  const draft = `${path}.new`;
  writeAndSync(openSync(draft, 'wx', 0o600), bytes);
  renameSync(draft, path);
}

/** Replaces a file in one step: a crash leaves the old or the new one. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  writeAndSync(openSync(draft, 'w', 0o644), bytes);
  chmodSync(draft, 0o644);
  renameSync(draft, path);
}

function writeAndSync(file: number, bytes: Uint8Array): void {
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** All files below a folder by path relative to it, with `/` between names. */
export function readTree(folder: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(relative(folder, path).split(sep).join('/'), new Uint8Array(readFileSync(path)));
    else if (!entry.isDirectory()) throw new Refusal(`${path} is neither a file nor a folder`);
  }
  return files;
}
