import { DurableDisk } from './durable-disk';
import { type SystemCall } from './strace-log';

const root = '/var/data';
const file = `${root}/a.db`;
const write = (text: string, offset?: number): SystemCall => ({
  kind: 'write',
  path: file,
  offset,
  bytes: Buffer.from(text),
});
const create: SystemCall = { kind: 'create', path: file };
const sync: SystemCall = { kind: 'sync', path: file };
const syncFolder: SystemCall = { kind: 'sync', path: root };

const after = (calls: readonly SystemCall[], existing: Record<string, string> = {}) => {
  const disk = new DurableDisk(
    root,
    new Map(Object.entries(existing).map(([path, text]) => [path, Buffer.from(text)])),
  );
  for (const call of calls) disk.apply(call);
  return {
    left: Object.fromEntries([...disk.afterPowerLoss()].map(([path, bytes]) => [path, bytes.toString()])),
    unsynced: disk.unsynced(),
  };
};

describe('a disk whose power goes', () => {
  it.each<[string, SystemCall[], string]>([
    ['what was synced', [write('new', 0), sync], 'newtext'],
    ['not what came after the sync', [write('new', 0), sync, write('NEWER', 0)], 'newtext'],
    ['bytes at the end, where no offset is given', [write('!'), sync], 'oldtext!'],
    ['bytes past the end, over a gap', [write('x', 8), sync], 'oldtext\0x'],
    ['a cut, once it is synced', [{ kind: 'truncate', path: file, length: 3 }, sync], 'old'],
    ['all of it, where a cut was not', [{ kind: 'truncate', path: file, length: 3 }], 'oldtext'],
    [
      'the bytes after a cut, in order',
      [{ kind: 'truncate', path: file, length: 0 }, write('b', 1), write('a', 0), sync],
      'ab',
    ],
    [
      'nothing of a file elsewhere',
      [{ kind: 'write', path: '/var/other', offset: 0, bytes: Buffer.from('x') }],
      'oldtext',
    ],
  ])('keeps %s', (_what, calls, expected) => {
    expect(after(calls, { [file]: 'oldtext' }).left).toEqual({ [file]: expected });
  });

  it('names the files whose latest bytes it loses', () => {
    expect(after([write('x', 0)], { [file]: 'old' }).unsynced).toEqual([file]);
    expect(after([write('x', 0), sync], { [file]: 'old' }).unsynced).toEqual([]);
  });

  it('loses a new file, however well it was synced, until its folder was', () => {
    expect(after([create, write('x', 0), sync]).left).toEqual({});
    expect(after([create, write('x', 0), sync, syncFolder]).left).toEqual({ [file]: 'x' });
    expect(after([create, write('x', 0), syncFolder]).left).toEqual({ [file]: '' });
  });

  it('loses a new folder with all that is in it, until the folder above was synced', () => {
    const made: SystemCall[] = [{ kind: 'make-folder', path: root }, create, write('x', 0), sync, syncFolder];
    expect(after(made).left).toEqual({});
    expect(after([...made, { kind: 'sync', path: '/var' }]).left).toEqual({ [file]: 'x' });
  });

  it('forgets what was removed', () => {
    expect(after([{ kind: 'remove', path: file }], { [file]: 'old' }).left).toEqual({});
  });
});
