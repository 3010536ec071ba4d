import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { generate } from './generate';

const [directory, { check }] = parse();

function parse(): [string, { check?: boolean }] {
  const program = new Command('vectors')
    .description('Writes the test vectors of docs/protocol.md.')
    .argument('[directory]', 'where they are', 'vectors')
    .option('--check', 'compare those that are there; exit status 1 when they differ')
    .showHelpAfterError('(--help for the options)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse();
  return [program.processedArgs[0] as string, program.opts<{ check?: boolean }>()];
}

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
