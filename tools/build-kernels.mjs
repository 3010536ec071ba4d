/**
 * Compiles libs/crypto/assembly to WebAssembly with and without SIMD, into a module that TypeScript can import. Nothing
 * is done when it is up to date.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'libs/crypto/assembly/rlwe.ts');
const target = join(root, 'libs/crypto/src/rlwe/kernel.generated.ts');

export async function buildKernels() {
  if (existsSync(target) && statSync(target).mtimeMs > statSync(source).mtimeMs) return;
  const { main } = await import('assemblyscript/asc');
  const folder = mkdtempSync(join(tmpdir(), 'secagg-kernels-'));
  try {
    const compiled = [];
    for (const [name, simd] of [
      ['simdModule', 'enable'],
      ['scalarModule', 'disable'],
    ]) {
      const out = join(folder, `${name}.wasm`);
      const options = ['-O3', '--runtime', 'stub', '--noAssert', `--${simd}`, 'simd', '--outFile', out];
      const { error, stderr } = await main([source, ...options]);
      if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
      compiled.push(`export const ${name} =\n  '${readFileSync(out).toString('base64')}';\n`);
    }
    writeFileSync(
      target,
      `/** Generated from libs/crypto/assembly/rlwe.ts by tools/build-kernels.mjs. */\n${compiled.join('')}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernels();
