/**
 * Tools that are run as they are: each explains itself, and ends with status 2 for a command line that makes no sense.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const tools = join(__dirname, '../..');
const run = (tool: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(tools, tool), ...args], { encoding: 'utf8' });

describe.each(['api-report.mjs', 'replica-test.mjs', 'settings-table.mjs', 'second-auditor/audit.mjs'])(
  '%s',
  (tool) => {
    it('explains itself', () => {
      expect(run(tool, '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage:') as unknown });
    });

    it('refuses what it does not know', () => {
      expect(run(tool, '--nonsense')).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringContaining('--nonsense') as unknown,
      });
    });
  },
);
