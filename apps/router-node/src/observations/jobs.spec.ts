import { Jobs } from './jobs';

describe('jobs', () => {
  it('run the most urgent first, each to its end before others of the same urgency, and stop for nothing but a more urgent one', async () => {
    const jobs = new Jobs();
    const seen: string[] = [];
    const job = (name: string, steps: number, then?: () => void) => {
      let step = 0;
      return () => {
        seen.push(`${name}${(step += 1)}`);
        if (step === 1) then?.();
        return step === steps ? { done: name } : undefined;
      };
    };
    let urgent: Promise<unknown> | undefined;
    const all = [
      jobs.do('other', job('a', 2)),
      jobs.do(
        'other',
        job('b', 2, () => {
          urgent = Promise.all([jobs.do('release', job('r', 2)), jobs.do('round', job('p', 1))]);
        }),
      ),
      jobs.do('other', job('c', 1)),
    ];
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c']);
    await urgent;
    expect(seen).toEqual(['a1', 'a2', 'b1', 'p1', 'r1', 'r2', 'b2', 'c1']);
  });

  it('go on after one that fails', async () => {
    const jobs = new Jobs();
    const failed = jobs.do('other', () => {
      throw new Error('as it may');
    });
    await expect(failed).rejects.toThrow('as it may');
    expect(await jobs.do('other', () => ({ done: 7 }))).toBe(7);
  });
});
