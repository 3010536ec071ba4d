import { dirname, join } from 'node:path';
import { anchorOf, textOf, trackedFiles } from './tree';

describe('links between documents', () => {
  it('lead to files and headings that exist', () => {
    const files = new Set(trackedFiles());
    const links = trackedFiles('*.md').flatMap((path) =>
      [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ path, target: match[1] })),
    );
    const local = links.filter(({ target }) => !/^[a-z]+:/.test(target));
    expect(local.length).toBeGreaterThan(20);
    const broken = local.filter(({ path, target }) => {
      const [file, anchor] = target.split('#') as [string, string?];
      const document = file === '' ? path : join(dirname(path), file);
      const isFolder = [...files].some((name) => name.startsWith(`${document.replace(/\/$/, '')}/`));
      if (!files.has(document) && !isFolder) return true;
      if (anchor === undefined) return false;
      const anchors = textOf(document)
        .split('\n')
        .filter((line) => /^#+ /.test(line))
        .map((line) => anchorOf(line.replace(/^#+ /, '')));
      return !anchors.includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});
