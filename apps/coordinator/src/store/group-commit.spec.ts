import { GroupCommit, type Transaction } from './group-commit';

function recorder(failAt?: string) {
  const log: string[] = [];
  const say = (what: string) => {
    log.push(what);
    if (what === failAt) throw new Error(what);
  };
  const transaction: Transaction = {
    begin: () => say('begin'),
    commit: () => say('commit'),
    rollback: () => say('rollback'),
  };
  const writes = new GroupCommit(transaction, (name) => log.push(`(${name})`));
  return { log, add: (name: string) => writes.add({ names: [name], run: () => say(name) }), writes };
}

describe('group commit', () => {
  it('puts what is queued together into one transaction, in order, and resolves after the commit', async () => {
    const { log, add } = recorder();
    const resolved: string[] = [];
    await Promise.all(['a', 'b', 'c'].map((name) => add(name).then(() => resolved.push(`${name}@${log.length}`))));
    expect(log).toEqual([
      '(before-durable:a)',
      '(before-durable:b)',
      '(before-durable:c)',
      'begin',
      'a',
      '(in-durable:a)',
      'b',
      '(in-durable:b)',
      'c',
      '(in-durable:c)',
      'commit',
      '(after-durable:a)',
      '(after-durable:b)',
      '(after-durable:c)',
    ]);
    expect(resolved).toEqual(['a@14', 'b@14', 'c@14']);
    await add('d');
    expect(log.slice(14).filter((entry) => !entry.startsWith('('))).toEqual(['begin', 'd', 'commit']);
  });

  it.each(['b', 'commit'])('fails the whole group when %s fails, and everything after', async (failing) => {
    const { log, add } = recorder(failing);
    const results = await Promise.allSettled(['a', 'b', 'c'].map(add));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(log.at(-1)).toBe('rollback');
    await expect(add('d')).rejects.toThrow(failing);
    expect(log).not.toContain('d');
  });

  it('carries out at once what is queued when it is asked to', async () => {
    const { log, add, writes } = recorder();
    const adding = add('a');
    writes.flush();
    expect(log).toContain('commit');
    await adding;
  });
});
