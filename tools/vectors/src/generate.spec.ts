import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from './generate';

const directory = join(__dirname, '../../../vectors');

describe('generator of the test vectors', () => {
  const files = generate();

  it('writes the same on every run', () => {
    expect(generate()).toEqual(files);
  });

  it('wrote the committed files', () => {
    expect(readdirSync(directory).filter((name) => name.endsWith('.json')).sort()).toEqual([...files.keys()].sort());
    for (const [name, content] of files) expect(readFileSync(join(directory, name), 'utf8')).toBe(content);
  });

  it('writes JSON that parses to what it was made from', () => {
    const packing = JSON.parse(files.get('packing.json') as string) as { cases: { bits: number; words: number[] }[] };
    expect(packing.cases.every(({ bits, words }) => words[0] === 2 ** bits - 1)).toBe(true);
  });
});
