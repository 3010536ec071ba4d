/** The files of this repository, for the tests that read them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(__dirname, '..', '..', '..');

/** Paths relative to the root of everything that git tracks and that matches one of the patterns. */
export function trackedFiles(...patterns: string[]): string[] {
  return execFileSync('git', ['ls-files', '-z', ...patterns], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '');
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The headings of a Markdown file without their numbers: `## 2.1 CBOR` is `CBOR`. Fenced code holds none. */
export function headingsOf(markdown: string): string[] {
  return markdown
    .replace(/^```[\s\S]*?^```/gm, '')
    .split('\n')
    .filter((line) => /^#+ /.test(line))
    .map((line) => line.replace(/^#+ (\d+(\.\d+)*\.? )?/, '').trim());
}

/** The anchor that renderers of Markdown give to a heading line. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number} _-]/gu, '')
    .replaceAll(' ', '-');
}
