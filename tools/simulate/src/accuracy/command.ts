import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { machine } from '../machine';
import { betweenMarkers } from '../markdown';
import { tables } from './tables';
import { accuracyUsage, parseAccuracyOptions } from './options';
import { accuracyPlot } from './accuracy-plot';
import { readRows } from './read-rows';
import { accuracyReport } from './report';

/** The scenario `accuracy` from the command line; sets the exit status to 2 for arguments that make no sense. */
export function runAccuracy(args: readonly string[]): void {
  const options = parse(args);
  if (options === undefined) return;
  if (options === 'help') {
    console.log(accuracyUsage);
    return;
  }
  const started = performance.now();
  const report = accuracyReport(readRows(readFileSync(options.input, 'utf8')), options, (what) => console.error(what));
  const figures = {
    ...report,
    seeded: options.seed !== undefined,
    wall_s: (performance.now() - started) / 1000,
    machine: machine(),
  };
  const { json, markdown, svg } = options;
  const text = tables(report);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`);
  if (markdown !== undefined)
    writeFileSync(
      markdown,
      betweenMarkers('accuracy', existsSync(markdown) ? readFileSync(markdown, 'utf8') : undefined, text),
    );
  if (svg !== undefined) writeFileSync(svg, accuracyPlot(report));
  console.log(text);
}

function parse(args: readonly string[]): ReturnType<typeof parseAccuracyOptions> | undefined {
  try {
    return parseAccuracyOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${accuracyUsage}`);
    process.exitCode = 2;
    return undefined;
  }
}
