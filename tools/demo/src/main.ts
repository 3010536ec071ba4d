import { fileURLToPath } from 'node:url';
import { runTool } from '@secagg/testbed/command-line';
import { runDemo } from './demo';
import { type DemoOptions, parseOptions } from './options';

const app = (name: string) => fileURLToPath(new URL(`../../apps/${name}/main.js`, import.meta.url));

async function demo(options: DemoOptions): Promise<number> {
  try {
    return await runDemo(options, {
      scripts: { coordinator: app('coordinator'), routerNode: app('router-node') },
      print: (text) => process.stdout.write(`${text}\n`),
    });
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exit(await runTool(() => parseOptions(process.argv.slice(2)), demo));
