/** Another process that keeps a database file locked until it is told to stop. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const program = `const d = new (require('libsql'))(process.argv[1]); d.exec('BEGIN IMMEDIATE'); console.log('locked');
  process.stdin.on('end', () => process.exit()).resume();`;

export async function lockedBy(path: string): Promise<() => Promise<void>> {
  const other = spawn(process.execPath, ['-e', program, path], { cwd: __dirname, stdio: ['pipe', 'pipe', 'inherit'] });
  await once(other.stdout, 'data');
  return async () => {
    const gone = once(other, 'exit');
    other.stdin.end();
    await gone;
  };
}
