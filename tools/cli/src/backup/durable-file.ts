import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a file of mode 0600 under a name of its own, and gives it its real one once everything in it is on disk: a
 * crash leaves the whole file or none.
 */
export function makeDurably(path: string, make: (draft: string) => void): void {
  const draft = `${path}.partial`;
  rmSync(draft, { force: true });
  closeSync(openSync(draft, 'wx', 0o600));
  try {
    make(draft);
    sync(draft);
    renameSync(draft, path);
    sync(dirname(path));
  } catch (error) {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(draft + suffix, { force: true });
    throw error;
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
