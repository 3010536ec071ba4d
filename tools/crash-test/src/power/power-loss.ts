/** A power loss for one process: when it has died, its data folder is put back to what it had synced. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DurableDisk } from './durable-disk';
import { parseStraceLog } from './strace-log';

/** Content of every file below a folder, by path. */
export function filesBelow(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  if (!existsSync(folder)) return files;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (statSync(path).isFile()) files.set(path, readFileSync(path));
  }
  return files;
}

/** Replaces all that is below the folder. */
export function restoreFiles(folder: string, files: ReadonlyMap<string, Buffer>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [path, bytes] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes, { mode: 0o600 });
  }
}

const LOG_LIMIT_MS = 20_000;

/** The log of a traced process that has ended, once strace has written it to its end. */
export async function finishedLog(logFile: string, pid: number): Promise<string> {
  const last = new RegExp(`^${pid} +\\+\\+\\+ (killed|exited)`, 'm');
  for (const deadline = Date.now() + LOG_LIMIT_MS; Date.now() < deadline; await pause(10)) {
    const text = existsSync(logFile) ? readFileSync(logFile, 'latin1') : '';
    if (last.test(text)) return text;
  }
  throw new Error(`strace did not finish ${logFile}`);
}

/**
 * @param before content of the folder when the process was started
 * @returns files whose latest bytes were lost
 */
export async function losePower(
  folder: string,
  before: ReadonlyMap<string, Buffer>,
  logFile: string,
  pid: number,
): Promise<string[]> {
  const disk = new DurableDisk(folder, before);
  for (const call of parseStraceLog(await finishedLog(logFile, pid))) disk.apply(call);
  restoreFiles(folder, disk.afterPowerLoss());
  return disk.unsynced();
}
