import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from './generate';

// Usage: main.js [--check] [directory]. Writes the test vectors, or compares those that are there; exit status 1 when they differ.
const words = process.argv.slice(2);
const check = words.includes('--check');
const directory = words.find((word) => !word.startsWith('--')) ?? 'vectors';

if (!check) mkdirSync(directory, { recursive: true });
let differing = 0;
for (const [name, content] of generate()) {
  const path = join(directory, name);
  if (check) {
    if (readOrEmpty(path) === content) continue;
    console.error(`${path} is not what the generator writes`);
    differing++;
  } else {
    writeFileSync(path, content);
    console.log(path);
  }
}
process.exitCode = differing > 0 ? 1 : 0;

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
