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
    makeDataFolder('dataDir', folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    makeDataFolder('dataDir', folder);
  });

  it('is left as it is where it exists, also where the folder above cannot be read', () => {
    const folder = join(root, 'a');
    mkdirSync(folder, { mode: 0o750 });
    chmodSync(root, 0o311);
    makeDataFolder('dataDir', folder);
    chmodSync(root, 0o700);
    expect(statSync(folder).mode & 0o777).toBe(0o750);
  });

  it('cannot be where a file is', () => {
    const refused = (path: string) =>
      expect(() => makeDataFolder('dataDir', path)).toThrow(
        expect.objectContaining({ exitCode: 78, message: expect.stringMatching(/^dataDir: /) as unknown }),
      );
    refused(join(process.execPath, 'data'));
    refused(process.execPath);
    refused(join(root, 'x'.repeat(300)));
  });
});
