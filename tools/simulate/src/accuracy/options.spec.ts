import { isAccuracy, parseAccuracyOptions } from './options';

it('is asked for by name only', () => {
  expect(isAccuracy(['--routers', '40', '--scenario', 'accuracy'])).toBe(true);
  expect(isAccuracy(['--scenario=accuracy'])).toBe(true);
  expect(isAccuracy(['accuracy'])).toBe(false);
  expect(isAccuracy([])).toBe(false);
  expect(isAccuracy(['--scenario', 'routing', '--json', 'accuracy'])).toBe(false);
});

it('has defaults for everything but the input', () => {
  expect(parseAccuracyOptions(['--scenario', 'accuracy', '--input', 'f.csv', '--svg', 'p.svg'])).toEqual({
    input: 'f.csv',
    svg: 'p.svg',
    routers: 40,
    copies: 25,
    repetitions: 10,
    expectedRequests: 550,
    seed: undefined,
    json: undefined,
    markdown: undefined,
  });
  expect(parseAccuracyOptions(['--scenario', 'accuracy', '--help'])).toBe('help');
});

it.each([
  [[]],
  [['--input', 'f', '--routers', '3']],
  [['--input', 'f', '--repetitions', '1.5']],
  [['--input', 'f', '--copies', '0']],
  [['--input', 'f', '--rho', '1']],
])('refuses %j', (args) => {
  expect(() => parseAccuracyOptions(args)).toThrow();
});
