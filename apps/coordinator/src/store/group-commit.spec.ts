import { GroupCommit, type Transaction } from './group-commit';

function recorder(failAt?: string, failure: () => Error | undefined = () => new Error(failAt), patienceMs = 60_000) {
  const log: string[] = [];
  const say = (what: string) => {
    log.push(what);
    const error = what === failAt ? failure() : undefined;
    if (error) throw error;
  };
  const transaction: Transaction = {
    begin: () => say('begin'),
    commit: () => say('commit'),
    rollback: () => say('rollback'),
  };
  const writes = new GroupCommit(transaction, (name) => log.push(`(${name})`), patienceMs);
  const add = (name: string, isEssential = true) => writes.add({ names: [name], isEssential, run: () => say(name) });
  return { log, add, writes };
}
const locked = () => Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' });

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

  it('fails what failed alone, and everything after it where memory is ahead of the disk', async () => {
    const { log, add } = recorder('b');
    const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => add(name)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(log.at(-1)).toBe('rollback');
    await expect(add('d')).rejects.toThrow('b');
    expect(log).not.toContain('d');
  });

  it('goes on after the failure of a write that memory does not rely on', async () => {
    let failures = 2;
    const { log, add } = recorder('b', () => (failures-- > 0 ? new Error('the disk is full') : undefined));
    const results = await Promise.allSettled([add('a'), add('b', false), add('c')]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await add('b', false);
    expect(log.filter((entry) => entry === 'commit')).toHaveLength(3);
  });

  it('waits for a database that another process has locked, and keeps the order', async () => {
    let isLocked = true;
    const { log, add, writes } = recorder('begin', () => (isLocked ? locked() : undefined));
    const first = add('a');
    while (log.filter((entry) => entry === 'begin').length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(writes.isLockedOut).toBe(false);
    const second = add('b', false);
    isLocked = false;
    await Promise.all([first, second]);
    expect(log.filter((entry) => ['a', 'b', 'commit'].includes(entry))).toEqual(['a', 'b', 'commit']);
  });

  it('refuses what can be done later once it has waited long enough, and keeps what memory relies on', async () => {
    let isLocked = true;
    const { add, writes } = recorder('begin', () => (isLocked ? locked() : undefined), 0);
    const essential = add('a');
    await expect(add('b', false)).rejects.toMatchObject({ code: 'unavailable' });
    expect(writes.isLockedOut).toBe(true);
    isLocked = false;
    await essential;
    expect(writes.isLockedOut).toBe(false);
  });

  it('refuses what is still locked out at the end', async () => {
    const { add, writes } = recorder('begin', locked);
    const first = add('a');
    writes.close();
    await expect(first).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('carries out at once what is queued when it is asked to', async () => {
    const { log, add, writes } = recorder();
    const adding = add('a');
    writes.flush();
    expect(log).toContain('commit');
    await adding;
  });
});
