/** The HTTP operations of a service, as it describes them and as docs/protocol.md lists them: `GET /v1/fleet`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const operationsOf = ({ paths }: { readonly paths: Readonly<Record<string, object>> }): string[] =>
  Object.entries(paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();

/** @param service how the line before its table begins */
export function documentedOperations(service: 'Coordinator' | 'Router-node'): string[] {
  const page = readFileSync(join(__dirname, '../../../docs/protocol.md'), 'utf8');
  const rows = page.split(`\n${service}, by default port `)[1].split('\n\n')[1].split('\n').slice(2);
  return rows.flatMap((row) => operationsIn(row.split('|')[1])).sort();
}

/** In `GET /healthz, /readyz` the method counts for both. */
function operationsIn(cell: string): string[] {
  let method = '';
  return [...cell.matchAll(/\b(GET|PUT|POST)\b|(\/[\w/{}.-]*)/g)].flatMap(([, verb, path]) => {
    if (verb) method = verb;
    return path ? [`${method} ${path}`] : [];
  });
}
