import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Marks a folder as one that a transcript may be replaced in. */
const MARK = 'authority.pub';

/** Throws unless the folder is absent, empty or holds an earlier transcript: nothing else is ever deleted. */
export function checkTranscriptFolder(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0 && !existsSync(join(folder, MARK)))
    throw new Error(`${folder} holds something else than a transcript`);
}

export function writeTranscript(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  checkTranscriptFolder(folder);
  rmSync(folder, { recursive: true, force: true });
  for (const [path, bytes] of files) {
    const target = join(folder, ...path.split('/'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  }
}
