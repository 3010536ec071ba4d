/** Checks can be taken away in test builds only. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundled } from '../support/node-process';

jest.setTimeout(60_000);

it('nothing of the switches is in what is shipped', async () => {
  const shipped = readFileSync(await bundled('as-shipped'), 'utf8');
  const test = readFileSync(await bundled('with-switches'), 'utf8');
  expect(test).toContain('TEST_CHECKS_OFF');
  expect(shipped).not.toContain('TEST_CHECKS_OFF');
  // The module that stands there says no, whatever it is asked.
  const module = readFileSync(join(__dirname, '../../../../libs/protocol/src/checks/switched-off.ts'), 'utf8');
  expect(module.replace(/\/\*\*[\s\S]*?\*\//, '').trim()).toBe(
    'export const isSwitchedOff = (_check: string): boolean => false;',
  );
});
