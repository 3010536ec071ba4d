import { SecaggError } from '@secagg/schema';
import { createAliases } from '../ingest/names/aliases';
import { allOf, parseBatch } from './parse-batch';

const good = { model: 'm', task: 't', success: true, latency_s: 0.5 };
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const json = (value: unknown) => allOf(parseBatch('application/json', bytes(JSON.stringify(value))));
const lines = (text: string) => allOf(parseBatch('application/x-ndjson', bytes(text)));
const problemOf = (act: () => unknown): SecaggError => {
  try {
    act();
  } catch (error) {
    if (error instanceof SecaggError) return error;
  }
  throw new Error('no problem');
};

describe('a batch of observations', () => {
  it('is one, an array, or one a line', () => {
    expect(json(good)).toEqual([good]);
    expect(json([good, good])).toEqual([good, good]);
    expect(json([])).toEqual([]);
    expect(lines(`${JSON.stringify(good)}\n\n  \r\n${JSON.stringify(good)}`)).toEqual([good, good]);
  });

  it('judges every row by itself', () => {
    const codes = (rows: ReturnType<typeof parseBatch>) =>
      rows.map((row) => ('problem' in row ? [row.problem.code, row.problem.details.path] : row.observation));
    const body = JSON.stringify([good, { ...good, quality: 2 }, null, good]);
    expect(codes(parseBatch('application/json', bytes(body)))).toEqual([
      good,
      ['invalid', 'quality'],
      ['invalid', ''],
      good,
    ]);
    const text = `${JSON.stringify(good)}\n{"model":\n\uFEFF\n${JSON.stringify(good)}`;
    expect(codes(parseBatch('application/x-ndjson', bytes(text)))).toEqual([good, ['malformed', undefined], good]);
  });

  it('has the names that the fleet uses', () => {
    const aliases = createAliases({ models: { 'vendor/*': '*' }, tasks: { 'a:b': 't' } });
    const rows = [{ ...good, model: 'vendor/m', task: 'a:b' }, { ...good, model: 7 }, 'x'];
    const parsed = parseBatch('application/json', bytes(JSON.stringify(rows)), aliases);
    expect(parsed[0]).toEqual({ observation: good });
    expect(parsed.slice(1).every((row) => 'problem' in row)).toBe(true);
  });

  it.each([
    ['an array', () => json([good, good, { ...good, latency_s: -1 }, { ...good, model: '' }]), 2, 'latency_s'],
    [
      'lines, blank ones not counted',
      () => lines(`\n${JSON.stringify(good)}\n\n${JSON.stringify({ ...good, extra: 1 })}`),
      1,
      'extra',
    ],
    ['a value that is no observation', () => json([good, 7]), 1, ''],
    [
      'a name that objects inherit',
      () =>
        allOf(
          parseBatch(
            'application/json',
            bytes('[{"model":"m","task":"t","success":true,"latency_s":1,"__proto__":{}}]'),
          ),
        ),
      0,
      '__proto__',
    ],
  ])('is refused with index and path of the first bad one: %s', (_, act, index, path) => {
    expect(problemOf(act)).toMatchObject({ code: 'invalid', details: { index, path } });
  });

  it.each([
    ['no JSON', () => parseBatch('application/json', bytes('{"model":')), 'malformed'],
    ['a line that is no JSON', () => lines(`${JSON.stringify(good)}\n{`), 'malformed'],
    ['bytes that are no UTF-8', () => parseBatch('application/json', Uint8Array.of(0x22, 0xff, 0x22)), 'malformed'],
    ['nothing at all', () => parseBatch('application/json', new Uint8Array()), 'malformed'],
    ['too many rows', () => json(new Array(10_001).fill(good)), 'too_large'],
    ['too many lines, whatever they hold', () => lines('x\n'.repeat(10_001)), 'too_large'],
  ])('is refused: %s', (_, act, code) => expect(problemOf(act).code).toBe(code));
});
