import { textOf, trackedFiles } from './tree';

const path = /`((?:libs|apps|tools|docs|vectors)\/[\w./-]+)`/g;

it('paths that the docs name exist', () => {
  const files = trackedFiles();
  const exists = (name: string) =>
    files.some((file) => file === name || file.startsWith(`${name.replace(/\/$/, '')}/`));
  const named = trackedFiles('*.md').flatMap((document) =>
    [...textOf(document).matchAll(path)].map((match) => ({ document, name: match[1] })),
  );
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter(({ name }) => !exists(name))).toEqual([]);
});
