/** The apps' programs, bundled from the sources as they are: a test never runs what was built before. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin, stop } from 'esbuild';

const workspace = join(__dirname, '../../..');
/** Inside the workspace, where the packages they import are found. */
const cache = join(workspace, 'node_modules/.cache/secagg-tests');
const bundles = new Map<string, Promise<string>>();

/**
 * Made once in a process.
 * @param kind another one for other plugins
 * @returns the main program; those of its threads lie beside it
 */
export function bundled(
  app: 'coordinator' | 'router-node',
  kind = 'as-shipped',
  plugins: readonly Plugin[] = [],
): Promise<string> {
  const folder = join(cache, app, `${kind}-${process.pid}`);
  const known = bundles.get(folder) ?? bundle(join(workspace, 'apps', app, 'src'), folder, plugins);
  bundles.set(folder, known);
  return known;
}

async function bundle(source: string, folder: string, plugins: readonly Plugin[]): Promise<string> {
  const programs = readdirSync(source).filter((name) => name === 'main.ts' || name.endsWith('-worker.ts'));
  await build({
    entryPoints: programs.map((name) => join(source, name)),
    outdir: folder,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    tsconfig: join(workspace, 'tsconfig.base.json'),
    plugins: [...plugins],
  }).finally(stop);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return join(folder, 'main.js');
}
