import { SecaggError } from '@secagg/schema';
import { jsonRows, type JsonRowsOptions, type ParsedRow } from './json-rows';

async function* inChunks(body: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(body as string);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  await Promise.resolve();
}

/** Values, and codes of problems, by index; the code of what ended the body comes last. */
async function read(body: string | Uint8Array, options?: JsonRowsOptions, size = 7): Promise<unknown[]> {
  const found: unknown[] = [];
  try {
    for await (const rows of jsonRows(inChunks(body, size), options))
      for (const row of rows) {
        expect(row.index).toBe(found.length);
        found.push('problem' in row ? row.problem.code : row.value);
      }
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    found.push(`ended: ${error.code}`);
  }
  return found;
}

it.each<[string, string, unknown[]]>([
  ['an array', ' [{"a":1},\n {"b":[{"c":"é"}]}, 7, null]\n', [{ a: 1 }, { b: [{ c: 'é' }] }, 7, null]],
  ['no rows', '[]', []],
  ['one value', '{"a":{"b":1}}', [{ a: { b: 1 } }]],
  ['one value over many lines', '{\n  "a": [\n    1\n  ]\n}\n', [{ a: [1] }]],
  ['lines', '{"a":1}\r\n\n{"b":2}', [{ a: 1 }, { b: 2 }]],
  ['a byte order mark', '\uFEFF[{"a":1}]', [{ a: 1 }]],
  ['what Python writes for no number', '[{"a":NaN},{"a":-Infinity}]', [{ a: 'NaN' }, { a: '-Infinity' }]],
  [
    'lines, some no JSON',
    '{"a":1}\n{"b":\u00002}\n{"c":3,}\nx\n{"d":"NaN\n{"e":NaN}',
    [{ a: 1 }, 'malformed', 'malformed', 'malformed', 'malformed', { e: 'NaN' }],
  ],
  ['two values on a line', '{"a":1}\n{"b":2}{"c":3}\n{"d":4}\n', [{ a: 1 }, 'malformed', { d: 4 }]],
  ['an array that breaks off', '[{"a":1},{"b":', [{ a: 1 }, 'ended: malformed']],
  ['an array with a bad element', '[{"a":1},{"b":2},{"c":x},{"d":4}]', [{ a: 1 }, { b: 2 }, 'ended: malformed']],
  ['an array and more', '[{"a":1}] {"b":2}', [{ a: 1 }, 'ended: malformed']],
  ['one broken value', '{"a":', ['ended: malformed']],
  ['something else', 'hello', ['ended: malformed']],
  ['nothing', '  ', ['ended: malformed']],
])('reads %s', async (_, body, expected) => {
  for (const size of [1, 2, 7, 1000]) expect(await read(body, {}, size)).toEqual(expected);
});

it('takes every line for itself where the body is said to be lines', async () => {
  const lines = { lines: true };
  expect(await read('{"a":1}\n{"b":\n{"c":3}\n[4]\n', lines)).toEqual([{ a: 1 }, 'malformed', { c: 3 }, [4]]);
  expect(await read('', lines)).toEqual([]);
  expect(await read('x', lines)).toEqual(['malformed']);
});

it('finds rows inside a document', async () => {
  const paths = ['$.list.*.rows.*'];
  const body = '{"list":[{"name":"x","rows":[{"a":1},{"a":2}]},{"rows":[{"a":3}],"rest":[{"a":4}]}],"rows":[5]}';
  expect(await read(body, { paths })).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  expect(await read('{}', { paths })).toEqual([]);
  expect(await read('{"list":[{"rows":[{"a":1},', { paths })).toEqual([{ a: 1 }, 'ended: malformed']);
});

it('has names that objects inherit as the row says, and nowhere else', async () => {
  const [row] = (await read('[{"__proto__":{"model":"m"}}]')) as Record<string, unknown>[];
  expect(row.model).toBeUndefined();
  expect(Object.keys(row)).toEqual(['__proto__']);
});

it('bounds a row: a line is skipped, a document ends there', async () => {
  const long = `{"a":"${'x'.repeat(70_000)}"}`;
  const options = { maxRowBytes: 60_000 };
  expect(await read(`{"a":1}\n${long}\n{"b":2}`, options, 5000)).toEqual([{ a: 1 }, 'too_large', { b: 2 }]);
  expect(await read(`[{"a":1},${long},{"b":2}]`, options, 5000)).toEqual([{ a: 1 }, 'ended: too_large']);
});

it('gives others their turn while it reads', async () => {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const body = Buffer.from(
    `[${Array.from({ length: 2000 }, (_, i) => `{"a":${i},"b":"${'x'.repeat(500)}"}`).join(',')}]`,
  );
  let rows: ParsedRow[] = [];
  for await (const some of jsonRows(inChunks(body, body.length))) rows = some;
  isOver = true;
  expect(rows.at(-1)).toMatchObject({ index: 1999 });
  // Slices of 16 KiB, each a turn of its own.
  expect(turns).toBeGreaterThanOrEqual(Math.floor(body.length / 16_384) - 1);
});
