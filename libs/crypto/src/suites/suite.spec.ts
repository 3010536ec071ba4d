import { padSuite, suiteByName, suiteNames } from './suite';

describe('suites', () => {
  it('are found by every name that is listed', () => {
    expect(suiteNames.map((name) => suiteByName(name).name)).toEqual(suiteNames);
    expect(suiteByName('pad')).toBe(padSuite);
  });

  it.each(['', 'PAD', 'toString', '__proto__', 'rlwe'])('have no name %p', (name) => {
    expect(() => suiteByName(name)).toThrow(expect.objectContaining({ code: 'unsupported_suite' }));
  });
});
