import { failpointFrom } from './failpoint';

describe('failpoint', () => {
  const deathsAt = (setting: string | undefined, names: string[]): number[] => {
    const deaths: number[] = [];
    let call = 0;
    const failpoint = failpointFrom(setting, () => deaths.push(call));
    for (const name of names) {
      call += 1;
      failpoint(name);
    }
    return deaths;
  };

  it.each([
    ['at the first call of its name', 'before-send:a', ['before-send:b', 'before-send:a', 'before-send:a'], [2]],
    ['at the k-th call', 'x#3', ['x', 'y', 'x', 'x', 'x'], [4]],
    ['never for another name', 'before-send:a', ['before-send:ab', 'before-send'], []],
    ['never without a setting', undefined, ['undefined', ''], []],
    ['never for a number that is none', 'x#many', ['x', 'x'], []],
  ])('kills %s', (_name, setting, names, expected) => expect(deathsAt(setting, names)).toEqual(expected));

  it('tells a trace each name once, also where it kills', () => {
    const traced: string[] = [];
    const failpoint = failpointFrom(
      'b',
      () => traced.push('killed'),
      (name) => traced.push(name),
    );
    for (const name of ['a', 'b', 'a', 'b']) failpoint(name);
    expect(traced).toEqual(['a', 'b', 'killed']);
    const only: string[] = [];
    failpointFrom(
      undefined,
      () => undefined,
      (name) => only.push(name),
    )('a');
    expect(only).toEqual(['a']);
  });
});
