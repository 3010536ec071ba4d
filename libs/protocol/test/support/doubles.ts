/**
 * The adversary tests take checks away by replacing whole modules, in bundles and in their own process: each file of a
 * `without-checks` folder stands in for the module of the same path and has the same exports.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Plugin } from 'esbuild';

const workspace = join(__dirname, '../../../..');
const PROTOCOL = ['libs/protocol/src', 'libs/protocol/test/without-checks'] as const;
const ROUTER_NODE = ['apps/router-node/src', 'apps/router-node/test/adversary/without-checks'] as const;

/** Paths of doubles, by the path of the module that each replaces. */
function doublesIn([source, folder]: readonly [string, string]): [string, string][] {
  const files = readdirSync(join(workspace, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => {
      const module = join(workspace, source, file);
      if (!existsSync(module)) throw new Error(`${folder}/${file} stands in for no module`);
      return [module, join(workspace, folder, file)];
    });
}

/** For esbuild. A double may import the module that it replaces. */
export function withoutChecks(): Plugin {
  const doubles = new Map([PROTOCOL, ROUTER_NODE].flatMap(doublesIn));
  return {
    name: 'without-checks',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir, importer }) => {
        const double = doubles.get(`${join(resolveDir, path)}.ts`);
        return double === undefined || double === importer ? undefined : { path: double };
      }),
  };
}

/** For the jest process itself; to be called before the libraries are loaded. */
export function mockProtocol(): void {
  for (const [module, double] of doublesIn(PROTOCOL)) jest.doMock(module, () => jest.requireActual<object>(double));
}
