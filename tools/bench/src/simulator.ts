/** Runs the simulator in a fresh process; its figures come from rounds whose sums it has checked, or it fails. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SimulatorFigures {
  readonly checked: boolean;
  readonly build_cpu_ms: number;
  readonly coordinator_cpu_ms: number;
  readonly coordinator_contribution_cpu_ms: number;
  readonly committee_cpu_ms: number;
  readonly upload_bytes: number;
  readonly wall_s: number;
}

/** Throws an Error with the simulator's own words when a run fails. */
export function runSimulator(script: string, args: readonly string[]): SimulatorFigures {
  if (!existsSync(script)) throw new Error(`${script} is missing: build the project \`simulate\` first`);
  const folder = mkdtempSync(join(tmpdir(), 'secagg-bench-'));
  try {
    const json = join(folder, 'figures.json');
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [script, ...args, '--json', json], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (status !== 0) throw new Error(`simulate ${args.join(' ')} failed:\n${stderr}`);
    const figures = JSON.parse(readFileSync(json, 'utf8')) as SimulatorFigures;
    if (figures.checked !== true) throw new Error(`simulate ${args.join(' ')} did not check its sums`);
    // With the start of the process and the making of the fleet.
    return { ...figures, wall_s: (performance.now() - started) / 1000 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
