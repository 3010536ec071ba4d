import { parseCommandLine } from './options';

describe('the command line', () => {
  it('draws five hundred kills unless it is told otherwise', () => {
    expect(parseCommandLine([])).toMatchObject({ kills: 500, matrix: false, powerLoss: false });
    expect(parseCommandLine(['--kills', '7', '--seed', 's', '--json', 'r.json'])).toMatchObject({
      kills: 7,
      seed: 's',
      json: 'r.json',
    });
    expect(parseCommandLine(['--matrix'])).toMatchObject({ kills: 0, matrix: true });
    expect(parseCommandLine(['--matrix', '--kills', '3', '--only', 'vote'])).toMatchObject({
      kills: 3,
      matrix: true,
      only: 'vote',
    });
  });

  it.each([[['--kills', 'many']], [['--kills', '-1']], [['--only', 'vote']], [['--fast']], [['file']]])(
    'refuses %j',
    (args) => {
      expect(() => parseCommandLine(args)).toThrow();
    },
  );
});
