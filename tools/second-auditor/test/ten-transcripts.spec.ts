/**
 * The second auditor, written from docs/protocol.md alone, agrees with the first on ten rounds and refuses what was
 * altered in them.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { auditFiles } from '@secagg/protocol';
import { audit } from '../audit.mjs';
import { scenarios, transcriptOf } from './transcripts';

/** Folders hold many files of one kind. */
const flipsIn = (path: string): number => (path.includes('/') ? 1 : 3);
const program = join(__dirname, '..', 'audit.mjs');
let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'second-auditor-'));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}

/** Bit positions spread over a file: one in each of equal parts, somewhere else in every file. */
function positions(scenario: string, path: string, bits: number): number[] {
  const flips = flipsIn(path);
  return Array.from({ length: flips }, (_, i) => {
    const draw = createHash('sha256').update(`${scenario}/${path}/${i}`).digest().readUInt32BE(0) / 2 ** 32;
    return Math.floor(((i + draw) / flips) * bits);
  });
}

const verdict = (run: () => unknown): 'accepted' | 'refused' => {
  try {
    run();
    return 'accepted';
  } catch {
    return 'refused';
  }
};

const run = (folder: string) => spawnSync(process.execPath, [program, folder], { encoding: 'utf8' });

describe.each(scenarios)('a round: $name', (scenario) => {
  const isImplausible = scenario.lies === true || scenario.undecodable === true;
  let files: Map<string, Uint8Array>;
  let folder: string;

  beforeAll(() => {
    files = transcriptOf(scenario);
    folder = join(root, scenario.name.replaceAll(' ', '-'));
    write(folder, files);
  });

  it('is what the scenario says', () => {
    const signal = files.get('signal.json');
    const published = signal && JSON.parse(Buffer.from(signal).toString());
    const reasons = published?.left_out.map((entry: { reason: string }) => entry.reason) ?? [];
    expect(published === undefined).toBe(scenario.name.startsWith('aborted'));
    expect(reasons.includes('unusable')).toBe(scenario.spoiled !== undefined);
    expect(reasons.includes('group_too_small')).toBe(scenario.name.includes('too small'));
    expect((published?.withheld.length ?? 0) > 0).toBe(scenario.name.includes('withheld') || isImplausible);
    expect(published?.implausible !== undefined).toBe(isImplausible);
  });

  it('passes both auditors', () => {
    expect(verdict(() => auditFiles(files))).toBe('accepted');
    const { status, stdout } = run(folder);
    expect(stdout).toMatch(
      scenario.name.startsWith('aborted')
        ? /^OK: round 1, aborted: insufficient_participants\n$/
        : /^OK: round 1, \d+ routers in \d group\(s\)(, implausible: nothing is published)?\n$/,
    );
    expect(status).toBe(0);
  });

  it('has no ciphertext of a contribution that was left out; with them, as earlier releases published it, it passes too', () => {
    const signal = files.get('signal.json');
    const leftOut = signal ? (JSON.parse(Buffer.from(signal).toString()).left_out as { router: string }[]) : [];
    const before = transcriptOf(scenario, true);
    const surplus = [...before.keys()].filter((path) => !files.has(path));
    expect(surplus.sort()).toEqual(leftOut.map(({ router }) => `contributions/${router}.ciphertext`).sort());
    const older = join(root, `older-${scenario.name.replaceAll(' ', '-')}`);
    write(older, before);
    expect(verdict(() => auditFiles(before))).toBe('accepted');
    expect(verdict(() => audit(older))).toBe('accepted');
    for (const path of surplus) {
      const altered = Uint8Array.from(before.get(path) as Uint8Array);
      altered[0] ^= 1;
      writeFileSync(join(older, path), altered);
      expect(verdict(() => auditFiles(new Map([...before, [path, altered]])))).toBe('refused');
      expect(verdict(() => audit(older))).toBe('refused');
    }
  });

  it('is refused with any sampled bit flipped, in any file', () => {
    const accepted: string[] = [];
    for (const [path, bytes] of files) {
      positions(scenario.name, path, bytes.length * 8).forEach((position, i) => {
        const altered = Uint8Array.from(bytes);
        altered[position >> 3] ^= 1 << (position & 7);
        writeFileSync(join(folder, path), altered);
        if (verdict(() => audit(folder)) === 'accepted') accepted.push(`${path}, bit ${position}: second`);
        // The first auditor's own tests are elsewhere; here it is asked often enough to see both agree.
        if (
          i === 0 &&
          !path.startsWith('pieces/') &&
          verdict(() => auditFiles(new Map([...files, [path, altered]]))) === 'accepted'
        )
          accepted.push(`${path}, bit ${position}: first`);
      });
      writeFileSync(join(folder, path), bytes);
    }
    expect(accepted).toEqual([]);
    expect(verdict(() => audit(folder))).toBe('accepted');
  });

  it('is refused without one of its files or with another one', () => {
    for (const [path, bytes] of files) {
      rmSync(join(folder, path));
      const isReportOrAnswer = /^(reports|answers)\//.test(path);
      const expected = isReportOrAnswer
        ? verdict(() => auditFiles(new Map([...files].filter(([name]) => name !== path))))
        : 'refused';
      expect(`${path}: ${verdict(() => audit(folder))}`).toBe(`${path}: ${expected}`);
      writeFileSync(join(folder, path), bytes);
    }
    writeFileSync(join(folder, 'notes.txt'), 'surplus');
    const { status, stdout } = run(folder);
    expect([status, stdout]).toEqual([1, 'REFUSED: malformed: notes.txt does not belong in a transcript\n']);
    rmSync(join(folder, 'notes.txt'));
  });
});
