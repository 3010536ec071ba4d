/**
 * Finds number arithmetic that is not 32-bit integer arithmetic by the rules of the language, on the typed syntax tree.
 *
 * Allowed on numbers: bitwise operators; + and - whose result goes straight into one (ToInt32 makes it an integer);
 * Math.imul; integer literals. Everything else that computes must be on BigInt.
 */
import { dirname, join } from 'node:path';
import ts from 'typescript';

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const bitwise = new Set([
  ts.SyntaxKind.BarToken,
  ts.SyntaxKind.AmpersandToken,
  ts.SyntaxKind.CaretToken,
  ts.SyntaxKind.LessThanLessThanToken,
  ts.SyntaxKind.GreaterThanGreaterThanToken,
  ts.SyntaxKind.GreaterThanGreaterThanGreaterThanToken,
]);
const additive = new Set([ts.SyntaxKind.PlusToken, ts.SyntaxKind.MinusToken]);
/** Operators that neither compute a number nor hide one. */
const harmless = new Set([
  ts.SyntaxKind.EqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.CommaToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);
const integerLiteral = /^(0x[0-9a-f]+|[0-9]+)$/i;
const allowedMembers = new Map([
  ['Math', ['imul']],
  ['Number', ['isSafeInteger']],
  ['BigInt', ['asIntN']],
]);
const forbiddenNames = new Set([
  'Float32Array',
  'Float64Array',
  'Float16Array',
  'parseFloat',
  'parseInt',
  'DataView',
  'NaN',
  'Infinity',
]);

/** Whether the value of `node` goes straight into a bitwise operator, through parentheses and further sums. */
function feedsBitwise(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isParenthesizedExpression(parent)) return feedsBitwise(parent);
  if (ts.isPrefixUnaryExpression(parent) && parent.operator === ts.SyntaxKind.MinusToken) return feedsBitwise(parent);
  if (!ts.isBinaryExpression(parent)) return false;
  return bitwise.has(parent.operatorToken.kind) || (additive.has(parent.operatorToken.kind) && feedsBitwise(parent));
}

/** `Math` is named only to reach an allowed member: Math.imul, or const { imul } = Math. */
function usesMathOpenly({ parent }: ts.Identifier): boolean {
  if (ts.isPropertyAccessExpression(parent)) return true;
  if (!ts.isVariableDeclaration(parent) || !ts.isObjectBindingPattern(parent.name)) return false;
  return parent.name.elements.every(
    ({ propertyName, name }) => propertyName === undefined && allowedMembers.get('Math')!.includes(name.getText()),
  );
}

function violates(node: ts.Node, checker: ts.TypeChecker): boolean {
  const isBigInt = (operand: ts.Node): boolean =>
    (checker.getTypeAtLocation(operand).flags & ts.TypeFlags.BigIntLike) !== 0;
  if (ts.isNumericLiteral(node)) return !integerLiteral.test(node.getText());
  if (ts.isIdentifier(node)) return forbiddenNames.has(node.text) || (node.text === 'Math' && !usesMathOpenly(node));
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const allowed = allowedMembers.get(node.expression.text);
    return allowed !== undefined && !allowed.includes(node.name.text);
  }
  if (ts.isElementAccessExpression(node) && ts.isIdentifier(node.expression))
    return allowedMembers.has(node.expression.text);
  if (ts.isCallExpression(node) && node.expression.getText() === 'Number') {
    return !feedsBitwise(node) || !/^Number\(BigInt\.asIntN\(32, /.test(node.getText());
  }
  if (ts.isPostfixUnaryExpression(node)) return !isBigInt(node.operand);
  if (ts.isPrefixUnaryExpression(node)) {
    if (
      node.operator === ts.SyntaxKind.ExclamationToken ||
      node.operator === ts.SyntaxKind.TildeToken ||
      isBigInt(node.operand)
    )
      return false;
    return node.operator !== ts.SyntaxKind.MinusToken || !feedsBitwise(node);
  }
  if (!ts.isBinaryExpression(node)) return false;
  const operator = node.operatorToken.kind;
  if (bitwise.has(operator) || harmless.has(operator) || (isBigInt(node.left) && isBigInt(node.right))) return false;
  return !additive.has(operator) || !feedsBitwise(node);
}

/** @param sources absolute file name to text; files need not exist on disk */
export function findInexactArithmetic(sources: ReadonlyMap<string, string>): Finding[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    strict: true,
    noEmit: true,
    types: [],
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    module: ts.ModuleKind.ESNext,
  };
  const host = ts.createCompilerHost(options, true);
  const { getSourceFile, fileExists } = host;
  const library = dirname(ts.getDefaultLibFilePath(options));
  host.getDefaultLibLocation = () => library;
  host.getDefaultLibFileName = () => join(library, 'lib.es2023.d.ts');
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.getSourceFile = (name, ...rest) => {
    const text = sources.get(name);
    return text === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  const checker = program.getTypeChecker();
  const findings: Finding[] = [];
  for (const name of sources.keys()) {
    const file = program.getSourceFile(name)!;
    const visit = (node: ts.Node): void => {
      if (violates(node, checker))
        findings.push({
          file: name,
          line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1,
          text: node.getText(),
        });
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return findings;
}
