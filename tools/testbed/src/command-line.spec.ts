import { numberBetween, numberFrom, oneOf, runTool, toolCommand, wholeNumber } from './command-line';

const command = () =>
  toolCommand('tool', 'does something')
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
    .option('--count <n>', 'how many', wholeNumber(1, 9), 3)
    .option('--share <p>', 'which part', numberFrom(0, 1), 0.5)
    .option('--epsilon <e>', 'what it may cost', numberBetween(0, 10), 1)
    .option('--when <w>', 'early or late', oneOf('early', 'late'), 'early');
const run = (...args: string[]) =>
  runTool(
    () => command().parse(args, { from: 'user' }).opts<Record<string, unknown>>(),
    (options) => ({ ran: options }),
  );

it('runs with what is given, and with defaults', async () => {
  expect(await run()).toEqual({ ran: { count: 3, share: 0.5, epsilon: 1, when: 'early' } });
  expect(await run('--count', '9', '--share', '0', '--epsilon', '0.1', '--when', 'late')).toEqual({
    ran: { count: 9, share: 0, epsilon: 0.1, when: 'late' },
  });
});

it.each([
  ['--count', '0'],
  ['--count', '1.5'],
  ['--count', 'many'],
  ['--share', '1.1'],
  ['--share', ''],
  ['--epsilon', '0'],
  ['--epsilon', '10'],
  ['--when', 'never'],
  ['--nonsense', '1'],
  ['file'],
])('ends with status 2 for %s %s', async (...args) => {
  expect(await run(...args)).toBe(2);
});

it('ends well when asked for help', async () => {
  expect(await run('--help')).toBe(0);
});

it('passes on what goes wrong later', async () => {
  await expect(
    runTool(
      () => 1,
      () => {
        throw new Error('broken');
      },
    ),
  ).rejects.toThrow('broken');
});
