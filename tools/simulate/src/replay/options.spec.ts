import { isReplay, parseReplayCommand } from './options';

const parse = (...args: string[]) => parseReplayCommand(['--scenario', 'routing', ...args]);

it('is asked for by a file', () => {
  expect(isReplay(['--scenario', 'routing', '--input', 'x.csv'])).toBe(true);
  expect(isReplay(['--input=x.csv', '--scenario=routing'])).toBe(true);
  expect(isReplay(['--scenario', 'routing'])).toBe(false);
  expect(isReplay(['--scenario', 'accuracy', '--input', 'x.csv'])).toBe(false);
});

it('has defaults, and takes several files', () => {
  expect(parse('--input', 'a.csv', '--input', 'b.csv')).toMatchObject({
    inputs: ['a.csv', 'b.csv'],
    coarse: [],
    options: { routers: 40, rounds: 6, requests: 40, worlds: 5, successWorthUsd: 0.1 },
  });
  expect(parse('--input', 'a.csv', '--coarse', 'a.csv')).toMatchObject({ inputs: ['a.csv'], coarse: ['a.csv'] });
  expect(parse('--help')).toBe('help');
});

it.each([
  ['--routers', '4'],
  ['--rounds', '1'],
  ['--requests', '0.5'],
  ['--worlds', 'many'],
  ['--success-worth', '0'],
  ['--success-worth', 'NaN'],
])('refuses %s %s', (name, value) => {
  expect(() => parse('--input', 'x', name, value)).toThrow(name);
});

it('refuses what it does not know', () => {
  expect(() => parse('--input', 'x', '--colour', 'red')).toThrow('colour');
});
