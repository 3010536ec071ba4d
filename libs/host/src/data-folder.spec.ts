import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDataFolder } from './data-folder';

describe('the data folder', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'secagg-data-folder-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is made for its owner alone, with what is missing above it', () => {
    const folder = join(root, 'a/b/c');
    makeDataFolder(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    makeDataFolder(folder);
  });

  it('is left as it is where it exists, also where the folder above cannot be read', () => {
    const folder = join(root, 'a');
    mkdirSync(folder, { mode: 0o750 });
    chmodSync(root, 0o311);
    makeDataFolder(folder);
    chmodSync(root, 0o700);
    expect(statSync(folder).mode & 0o777).toBe(0o750);
  });

  it('cannot be where a file is', () => {
    expect(() => makeDataFolder(join(process.execPath, 'data'))).toThrow();
  });
});
