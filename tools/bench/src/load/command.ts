import { writeFileSync } from 'node:fs';
import { runTool } from '@secagg/testbed/command-line';
import { machine } from '../machine';
import { type Scripts } from '../http/cluster';
import { serveEmptyHandler } from './floor';
import { runLoad } from './load';
import { type LoadOptions, loadOptions } from './options';

/** @returns the exit status: 0 when everything that was acknowledged is there and nobody was left without an answer */
export async function loadCommand(
  args: readonly string[],
  scripts: Scripts & { readonly self: string },
): Promise<number | undefined> {
  if (args[0] === 'empty-handler') {
    serveEmptyHandler();
    return undefined;
  }
  return runTool(
    () => loadOptions(args),
    (options) => load(options, scripts),
  );
}

async function load(options: LoadOptions, scripts: Scripts & { readonly self: string }): Promise<number> {
  const measuredOn = machine();
  console.log(
    `${measuredOn.cpu}, ${measuredOn.cores} cores, ${measuredOn.memory_gb} GB, node ${measuredOn.node}, ${measuredOn.platform}`,
  );
  try {
    const figures = await runLoad(options, scripts, (line) => console.log(line));
    if (options.json !== undefined)
      writeFileSync(options.json, `${JSON.stringify({ machine: measuredOn, options, figures }, null, 2)}\n`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
