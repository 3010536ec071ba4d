/** Both services log under the keys that docs/operations.md, "Log", lists, and under no others. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const workspace = join(__dirname, '../../..');
const levels = /^(trace|debug|info|warn|error|fatal)$/;
/** Objects that are spread into fields, or stand for them. */
const spreads = {
  failureFields: ['code', 'detail', 'check', 'party', 'error'],
  ofRoundKey: ['cluster', 'round'],
  roundOf: ['cluster', 'round'],
  describe: ['epoch', 'member', 'reason'],
  address: ['host', 'port', 'socket'],
};

const sources = ['apps/coordinator/src', 'apps/router-node/src', 'libs/host/src'].flatMap((folder) =>
  readdirSync(join(workspace, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => join(workspace, folder, file)),
);

/** Keys of the fields in every call of a logger, with the place. */
function keysIn(path: string): { key: string; at: string }[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: { key: string; at: string }[] = [];
  const spread = new Map<string, readonly string[]>(Object.entries(spreads));
  const named = new Map<string, ts.ObjectLiteralExpression>();
  const fieldsOf = (node: ts.Expression, at: string): string[] => {
    if (ts.isObjectLiteralExpression(node))
      return node.properties.flatMap((property) =>
        ts.isSpreadAssignment(property) ? fieldsOf(property.expression, at) : [property.name?.getText() ?? at],
      );
    if (ts.isParenthesizedExpression(node)) return fieldsOf(node.expression, at);
    if (ts.isConditionalExpression(node)) return [...fieldsOf(node.whenTrue, at), ...fieldsOf(node.whenFalse, at)];
    const name = (ts.isCallExpression(node) ? node.expression : node).getText();
    const literal = named.get(name);
    if (literal) return fieldsOf(literal, at);
    return [...(spread.get(name) ?? [`${name} at ${at}`])];
  };
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.initializer) {
      const { initializer } = node;
      if (ts.isObjectLiteralExpression(initializer)) named.set(node.name.getText(), initializer);
      else if (ts.isCallExpression(initializer) && initializer.expression.getText() === 'ofRoundKey')
        spread.set(node.name.getText(), spreads.ofRoundKey);
    }
    if (ts.isCallExpression(node) && isLogger(node.expression) && node.arguments.length > 1) {
      const at = `${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
      for (const key of fieldsOf(node.arguments[0], at)) found.push({ key, at });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isLogger(callee: ts.Expression): boolean {
  if (ts.isPropertyAccessExpression(callee) && !levels.test(callee.name.text)) return false;
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return false;
  return /(^|\.)(log|logger)$/.test(callee.expression.getText());
}

const documented = (): string[] => {
  const [, section] = readFileSync(join(workspace, 'docs/operations.md'), 'utf8').split('### Log\n');
  const rows = section
    .split('\n### ')[0]
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => [...row.split('|')[1].matchAll(/`(\w+)`/g)].map(([, key]) => key));
};

it('every key is documented, and every documented key is in use', () => {
  const used = sources.flatMap(keysIn);
  const known = new Set(documented());
  expect(used.filter(({ key }) => !known.has(key))).toEqual([]);
  const keys = new Set(used.map(({ key }) => key));
  expect([...known].filter((key) => !keys.has(key))).toEqual([]);
  expect(used.length).toBeGreaterThan(100);
});
