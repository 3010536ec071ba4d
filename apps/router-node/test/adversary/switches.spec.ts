/** Checks can be taken away in test builds only. */
import { readFileSync } from 'node:fs';
import { program } from '../support/node-process';

jest.setTimeout(60_000);

/** Paths of the modules in a bundle, as esbuild notes them. */
const modulesIn = (bundle: string): string[] =>
  [...readFileSync(bundle, 'utf8').matchAll(/^\/\/ (\S+\.ts)$/gm)].map(([, path]) => path);

it('nothing that takes checks away is in what is shipped', async () => {
  const shipped = modulesIn(await program('as-shipped'));
  const test = modulesIn(await program('with-switches'));
  const ofTests = (modules: string[]) => modules.filter((path) => path.includes('/test/'));
  expect(shipped).toContain('libs/protocol/src/checks/check.ts');
  expect(ofTests(shipped)).toEqual([]);
  expect(ofTests(test)).toContain('libs/protocol/test/without-checks/checks/check.ts');
  expect(ofTests(test)).toContain('apps/router-node/test/adversary/without-checks/participant/refusals.ts');
  expect(test).not.toContain('libs/protocol/src/checks/check.ts');
  expect(readFileSync(await program('as-shipped'), 'utf8')).not.toContain('TEST_CHECKS_OFF');
});
