/**
 * In the place of the thread of the observation store: prepares every round after the time that its data directory says
 * (`Infinity` for never), and shows in its status what it was told to release.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

const delayMs = Number(readFileSync(join(workerData.dataDir, 'delay-ms'), 'utf8'));
const released = {};
const status = () => ({
  waiting: 0,
  taken: 0,
  unlisted: 0,
  isFullOfUnlisted: false,
  unlistedSkipped: 0,
  missingKeys: released,
  claims: [],
  names: { catalogue: null, listed: 0, unlisted: 0 },
});

parentPort.postMessage({ id: 0, value: undefined });
parentPort.on('message', ({ id, name, argument }) => {
  const answer = (value) => parentPort.postMessage({ id, value });
  if (name === 'prepare') {
    const built = { bytes: new Uint8Array(100), headerHash: new Uint8Array(32) };
    if (Number.isFinite(delayMs)) setTimeout(() => answer(built), delayMs);
    return;
  }
  if (name === 'release') released[`${argument.roundKey} ${argument.release}`] = 1;
  answer(name === 'status' ? status() : undefined);
  if (name === 'close') parentPort.close();
});
