import * as fc from 'fast-check';
import { BareNumbers } from './bare-numbers';

/** The text in chunks of these sizes, and the rest. */
function through(text: string, sizes: readonly number[] = []): string {
  const numbers = new BareNumbers();
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    pieces.push(Buffer.from(numbers.write(bytes.subarray(at, at + size))));
    at += size;
  }
  return Buffer.concat([...pieces, numbers.end()]).toString();
}

it.each([
  ['{"a":NaN}', '{"a":"NaN"}'],
  ['[NaN,Infinity, -Infinity,-1,"NaN"]', '["NaN","Infinity", "-Infinity",-1,"NaN"]'],
  ['{"a":"\\"NaN","b":NaN}', '{"a":"\\"NaN","b":"NaN"}'],
  ['{"a":"\\\\","b":NaN}', '{"a":"\\\\","b":"NaN"}'],
  // A broken line says nothing about the next one.
  ['{"a":"NaN\n{"b":NaN,"c":"NaN"}', '{"a":"NaN\n{"b":"NaN","c":"NaN"}'],
  ['Nan In -', 'Nan In -'],
  ['', ''],
])('reads %s as %s', (text, expected) => {
  expect(through(text)).toBe(expected);
  for (let size = 1; size < text.length; size++)
    expect(through(text, Array<number>(text.length).fill(size))).toBe(expected);
});

it('changes nothing in JSON, however it is cut', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), fc.array(fc.integer({ min: 1, max: 9 })), (text, sizes) => {
      expect(through(text, sizes)).toBe(text);
    }),
  );
});
