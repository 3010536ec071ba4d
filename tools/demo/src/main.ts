import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { runDemo } from './demo';
import { parseOptions } from './options';

const app = (name: string) => fileURLToPath(new URL(`../../apps/${name}/main.js`, import.meta.url));

async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2));
    return await runDemo(options, {
      scripts: { coordinator: app('coordinator'), routerNode: app('router-node') },
      print: (text) => process.stdout.write(`${text}\n`),
    });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exit(await main());
