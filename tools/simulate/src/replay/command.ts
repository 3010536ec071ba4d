import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { machine } from '../machine';
import { betweenMarkers } from '../markdown';
import { parseReplayCommand, replayUsage } from './options';
import { readOutcomes } from './read-outcomes';
import { type ReplayInput, replayReport } from './report';
import { replayPlot } from './replay-plot';
import { replayTables } from './tables';

/**
 * The scenario `routing` on given outcomes, from the command line; sets the exit status to 2 for arguments or files
 * that make no sense.
 */
export function runReplay(args: readonly string[]): void {
  let figures: ReturnType<typeof replay>;
  try {
    figures = replay(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return;
  }
  console.log(figures);
}

function replay(args: readonly string[]): string {
  const command = parseReplayCommand(args);
  if (command === 'help') return replayUsage;
  const { inputs: files, coarse, options, json, markdown, svg } = command;
  const started = performance.now();
  const inputs = [...files.map((file) => read(file, false)), ...coarse.map((file) => read(file, true))];
  const report = replayReport(inputs, options, (what) => console.error(what));
  const text = replayTables(report);
  if (json !== undefined) {
    const about = {
      seeded: options.seed !== undefined,
      wall_s: (performance.now() - started) / 1000,
      machine: machine(),
    };
    writeFileSync(json, `${JSON.stringify({ ...report, ...about }, null, 2)}\n`);
  }
  if (markdown !== undefined)
    writeFileSync(
      markdown,
      betweenMarkers('value', existsSync(markdown) ? readFileSync(markdown, 'utf8') : undefined, text),
    );
  if (svg !== undefined) writeFileSync(svg, replayPlot(report));
  return text;
}

function read(file: string, coarse: boolean): ReplayInput {
  const name = basename(file, extname(file));
  const text = readFileSync(file, 'utf8');
  try {
    return { name, coarse, outcomes: readOutcomes(text, { coarse }) };
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
