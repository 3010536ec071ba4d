/** The demo as a person runs it: real processes over HTTP, its files checked by code that shares nothing with it. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { auditFiles } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';

jest.setTimeout(120_000);

const dist = resolve(__dirname, '../../../dist');
const demo = join(dist, 'tools/demo/main.js');
const secagg = join(dist, 'tools/cli/main.js');
const run = (script: string, ...args: string[]): Promise<{ status: number; output: string }> =>
  new Promise((done) => {
    execFile(process.execPath, [script, ...args], { maxBuffer: 1e8 }, (error, stdout, stderr) =>
      done({ status: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });

const models = ['m1', 'm2', 'm3'];
const rows = Array.from({ length: 600 }, (_, i) => ({
  model: models[i % 3],
  task: i % 5 === 0 ? 'code' : 'chat',
  success: i % 7 < 5,
  latency_s: 0.1 + (i % 11) / 10,
  cost_usd: (i % 13) / 1000,
  tokens: 50 + (i % 17),
}));

/** Plain sums over the rows of some routers. */
function sums(routers: number, participants: string[]) {
  const totals = new Map<string, { n: number; successes: number; latency: number; cost: number }>();
  rows.forEach((row, i) => {
    if (!participants.includes(`router-${i % routers}`)) return;
    const key = `${row.model}:${row.task}`;
    const total = totals.get(key) ?? { n: 0, successes: 0, latency: 0, cost: 0 };
    totals.set(key, {
      n: total.n + 1,
      successes: total.successes + Number(row.success),
      latency: total.latency + row.latency_s,
      cost: total.cost + row.cost_usd / row.tokens,
    });
  });
  return totals;
}

interface Out {
  signal: {
    reward_signals: Record<
      string,
      { total_samples: number; success_rate: number; avg_latency: number; cost_efficiency: number }
    >;
    participant_count: number;
  };
  truth: Out['signal'];
  participants: string[];
  dropped: string[];
  rounds: { outcome: string; reason?: string }[];
  resolution: Record<string, number>;
  audit: { verified: boolean };
}

let folder: string;
beforeAll(() => {
  if (!existsSync(demo) || !existsSync(secagg)) throw new Error('build the demo and the CLI first: npm test does');
  folder = mkdtempSync(join(tmpdir(), 'secagg-demo-test-'));
  writeFileSync(join(folder, 'rows.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('equals the truth over the survivors, and leaves a transcript that is verified or refused by the file', async () => {
  const out = join(folder, 'r.json');
  const transcript = join(folder, 'transcript');
  const { status, output } = await run(
    demo,
    '--routers',
    '6',
    '--drop',
    '1',
    '--drop-committee',
    '1',
    '--unsafe-no-noise',
    '--input',
    join(folder, 'rows.jsonl'),
    '--out',
    out,
    '--transcript',
    transcript,
  );
  if (status !== 0) throw new Error(output);
  const result = JSON.parse(readFileSync(out, 'utf8')) as Out;
  expect(result.dropped).toEqual(['router-3', 'router-5']);
  expect(result.participants).toEqual(['router-0', 'router-1', 'router-2', 'router-4']);
  expect(result.audit.verified).toBe(true);
  const expected = sums(6, result.participants);
  expect(Object.keys(result.signal.reward_signals).sort()).toEqual([...expected.keys()].sort());
  for (const [key, { n, successes, latency, cost }] of expected) {
    for (const published of [result.signal, result.truth]) {
      const entry = published.reward_signals[key];
      expect(entry.total_samples).toBe(n);
      expect(Math.abs(entry.success_rate - successes / n)).toBeLessThanOrEqual(result.resolution.success_rate);
      expect(Math.abs(entry.avg_latency - latency / n)).toBeLessThanOrEqual(result.resolution.avg_latency);
      expect(Math.abs(entry.cost_efficiency - cost / n)).toBeLessThanOrEqual(result.resolution.cost_efficiency);
    }
  }

  expect(await run(secagg, 'audit', transcript)).toMatchObject({ status: 0 });
  for (const file of ['signal.json', 'decision.cbor', 'contributions/router-4.ciphertext']) {
    const bytes = readFileSync(join(transcript, file));
    const flipped = Buffer.from(bytes);
    flipped[Math.floor(bytes.length / 2)] ^= 4;
    writeFileSync(join(transcript, file), flipped);
    const audit = await run(secagg, 'audit', transcript);
    expect(audit.status).toBe(1);
    expect(audit.output).toContain(file);
    writeFileSync(join(transcript, file), bytes);
  }
  expect(await run(secagg, 'audit', transcript)).toMatchObject({ status: 0 });

  // Any bit of any file: here some of each, with what the command calls.
  const files = new Map(
    readdirSync(transcript, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(transcript, name)).isFile())
      .map((name) => [name, new Uint8Array(readFileSync(join(transcript, name)))]),
  );
  expect(files.size).toBeGreaterThan(20);
  for (const [name, bytes] of files) {
    for (let sample = 0; sample < 6; sample++) {
      const flipped = bytes.slice();
      const bit = Math.floor((8 * bytes.length * (sample + Math.random())) / 6);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      expect({ name, bit, named: fileNamedBy(new Map([...files, [name, flipped]])) }).toEqual({
        name,
        bit,
        named: name,
      });
    }
  }
  expect(fileNamedBy(files)).toBeUndefined();
});

/** The file that an audit blames; undefined when it passes. */
function fileNamedBy(files: ReadonlyMap<string, Uint8Array>): unknown {
  try {
    auditFiles(files);
    return undefined;
  } catch (error) {
    if (error instanceof SecaggError) return error.details.file;
    throw error;
  }
}

it('completes with noise over rounds in which a member dies between its vote and its answer', async () => {
  const out = join(folder, 'noise.json');
  const { status, output } = await run(
    demo,
    '--routers',
    '4',
    '--drop-committee',
    '1',
    '--drop-committee-at',
    'answer',
    '--rounds',
    '2',
    '--input',
    join(folder, 'rows.jsonl'),
    '--out',
    out,
  );
  if (status !== 0) throw new Error(output);
  expect(output).toContain('died between its vote and its answer');
  const { rounds, participants } = JSON.parse(readFileSync(out, 'utf8')) as Out;
  expect(rounds.map(({ outcome }) => outcome)).toEqual(['published', 'published']);
  expect(participants).toHaveLength(4);
});

it('opens nothing when too few are left, and says so', async () => {
  const out = join(folder, 'aborted.json');
  const { status, output } = await run(
    demo,
    '--routers',
    '4',
    '--drop',
    '1',
    '--min-participants',
    '4',
    '--input',
    join(folder, 'rows.jsonl'),
    '--out',
    out,
  );
  if (status !== 0) throw new Error(output);
  const result = JSON.parse(readFileSync(out, 'utf8')) as Out;
  expect(result.rounds).toMatchObject([{ outcome: 'aborted', reason: 'insufficient_participants' }]);
  expect(result.signal).toBeNull();
});

it.each([
  ['more members than routers', ['--routers', '3', '--committee', '4']],
  ['a committee that is too small for its threshold', ['--committee', '4', '--threshold', '3']],
  ['nobody left', ['--routers', '4', '--drop', '4']],
  ['no such option', ['--fast']],
])('refuses %s before anything is started', async (_name, args) => {
  const { status } = await run(demo, ...args);
  expect(status).toBe(2);
});
