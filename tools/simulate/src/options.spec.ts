import { parseCommandLine } from './options';

describe('arguments of the simulator', () => {
  it('are those of a 3-of-7 committee and 300 routers by default', () => {
    expect(parseCommandLine([])).toMatchObject({
      scenario: 'protocol',
      simulation: {
        routers: 300,
        dimension: 1024,
        dropout: 0,
        suite: 'pad',
        committee: { size: 7, threshold: 3 },
        groups: 1,
        rounds: 1,
        unsafeNoNoise: false,
      },
    });
    expect(parseCommandLine(['--scenario', 'routing'])).toMatchObject({
      scenario: 'routing',
      routing: { routers: 50, rounds: 12, requestsPerRouter: 40 },
    });
  });

  it('take what is given', () => {
    const { json, simulation } = parseCommandLine([
      '--routers',
      '10',
      '--dropout',
      '0.3',
      '--suite',
      'rlwe-4096',
      '--json',
      'f',
      '--seed',
      's',
      '--unsafe-no-noise',
    ]);
    expect(json).toBe('f');
    expect(simulation).toMatchObject({ routers: 10, dropout: 0.3, suite: 'rlwe-4096', seed: 's', unsafeNoNoise: true });
  });

  it.each([
    ['--routers', '6'],
    ['--routers', 'many'],
    ['--dimension', '0'],
    ['--dropout', '1'],
    ['--dropout', '-0.1'],
    ['--suite', 'rot13'],
    ['--threshold', '5'],
    ['--committee', '31'],
    ['--rho', '0'],
    ['--scenario', 'other'],
    ['--nonsense', '1'],
  ])('%s %s is refused', (name, value) => {
    expect(() => parseCommandLine([name, value])).toThrow();
  });
});
