import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findInexactArithmetic } from '../../test/support/integer-arithmetic';

/** How "no floating-point arithmetic in the sampler" is enforced. */
describe('sampler arithmetic', () => {
  it('is 32-bit integer or BigInt throughout', () => {
    const names = readdirSync(__dirname).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
    expect(names).toContain('discrete-gaussian.ts');
    const sources = new Map(names.map((name) => [join(__dirname, name), readFileSync(join(__dirname, name), 'utf8')]));
    expect(findInexactArithmetic(sources)).toEqual([]);
  });

  it('does not import arithmetic from elsewhere', () => {
    for (const name of readdirSync(__dirname).filter((file) => !file.endsWith('.spec.ts'))) {
      const imported = [...readFileSync(join(__dirname, name), 'utf8').matchAll(/from '([^']+)'/g)].map(
        (match) => match[1],
      );
      expect(imported.filter((path) => !path.startsWith('./') && path !== '../errors')).toEqual([]);
    }
  });

  it('would be caught if it were not', () => {
    const bad = [
      'x / y',
      'x % y',
      'x * y',
      'x + y',
      '-x',
      '0.5',
      '1e3',
      'x ** 2',
      'Math.exp(x)',
      'Math.floor(x)',
      'Math["sqrt"](x)',
      'Number(big)',
      'Number(big) | 0',
      'x++',
      'x += 1',
      'x *= 2',
      '+x',
      'Number.EPSILON',
      'parseFloat("1")',
      'new Float64Array(1)',
      '(x * y) | 0',
      'f(x + y) | 0',
    ];
    const good = [
      '(x + y) | 0',
      '(x - (y + 1)) >>> 3',
      '-x | 0',
      'big * big / big',
      'big + 1n',
      'Math.imul(x, y)',
      'x << (16 - y)',
      'Number(BigInt.asIntN(32, big)) | 0',
      'x < y',
      '~x',
    ];
    const aliases = ['const { exp } = Math;', 'const { floor: imul } = Math;', 'const m = Math;'];
    const lines = [
      ...bad.map((expression) => `void (${expression});`),
      ...aliases,
      ...good.map((expression) => `void (${expression});`),
      'const { imul } = Math;',
    ];
    const text = `declare let x: number, y: number, big: bigint; declare function f(a: number): number;\n${lines.join('\n')}\nexport {};\n`;
    const found = new Set(
      findInexactArithmetic(new Map([[join(__dirname, 'imagined.ts'), text]])).map(({ line }) => line - 2),
    );
    expect([...found].sort((a, b) => a - b)).toEqual([...bad, ...aliases].map((_, index) => index));
  });
});
