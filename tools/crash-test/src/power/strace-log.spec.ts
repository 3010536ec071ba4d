import { parseStraceLog, type SystemCall } from './strace-log';

const hex = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
const file = hex('/d/a.db-wal');
const socket = 'TCP:[127.0.0.1:5->127.0.0.1:6]';

const parsed = (...lines: string[]): SystemCall[] => [...parseStraceLog(lines.join('\n'))];

describe('the log of strace', () => {
  it.each<[string, string[], SystemCall[]]>([
    [
      'a write at an offset',
      [`7  pwrite64(25<${file}>, "${hex('abc')}", 3, 4152) = 3`],
      [{ kind: 'write', path: '/d/a.db-wal', offset: 4152, bytes: Buffer.from('abc') }],
    ],
    [
      'a write that was cut short',
      [`7  pwrite64(25<${file}>, "${hex('abc')}", 3, 0) = 2`],
      [{ kind: 'write', path: '/d/a.db-wal', offset: 0, bytes: Buffer.from('ab') }],
    ],
    ['a sync', [`7  fdatasync(25<${file}>) = 0`], [{ kind: 'sync', path: '/d/a.db-wal' }]],
    [
      'a sync between whose two halves another thread did something',
      [
        `7  fsync(25<${file}> <unfinished ...>`,
        `8  unlink("${hex('/d/x')}") = 0`,
        '7  <... fsync resumed>)             = 0',
      ],
      [
        { kind: 'remove', path: '/d/x' },
        { kind: 'sync', path: '/d/a.db-wal' },
      ],
    ],
    [
      'nothing of what failed',
      [`7  unlink("${hex('/d/x')}") = -1 ENOENT (No such file or directory)`, '7  +++ killed by SIGKILL +++', ''],
      [],
    ],
    [
      'a file that is made, and one that is emptied',
      [
        `7  openat(AT_FDCWD<${hex('/')}>, "${hex('/d/n')}", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 24<${hex('/d/n')}>`,
        `7  openat(AT_FDCWD<${hex('/')}>, "${hex('/d/t')}", O_WRONLY|O_TRUNC) = 25<${hex('/d/t')}>`,
      ],
      [
        { kind: 'create', path: '/d/n' },
        { kind: 'truncate', path: '/d/t', length: 0 },
      ],
    ],
    [
      'bytes for a socket, in several parts',
      [
        `7  writev(29<${socket}>, [{iov_base="${hex('HTTP/1.1 ')}", iov_len=9}, {iov_base="${hex('201')}", iov_len=3}], 2) = 12`,
      ],
      [{ kind: 'send', socket, bytes: Buffer.from('HTTP/1.1 201') }],
    ],
    [
      'bytes from a socket',
      [`7  read(30<TCPv6:[[::1]:5->[::1]:6]>, "${hex('POST /')}", 65536) = 6`],
      [{ kind: 'receive', socket: 'TCPv6:[[::1]:5->[::1]:6]', bytes: Buffer.from('POST /') }],
    ],
    ['a cut', [`7  ftruncate(24<${file}>, 8192) = 0`], [{ kind: 'truncate', path: '/d/a.db-wal', length: 8192 }]],
    ['a folder', [`7  mkdir("${hex('/d/e')}", 0700) = 0`], [{ kind: 'make-folder', path: '/d/e' }]],
    [
      'another name',
      [`7  rename("${hex('/d/a')}", "${hex('/d/b')}") = 0`],
      [{ kind: 'rename', path: '/d/a', to: '/d/b' }],
    ],
  ])('has %s', (_what, lines, expected) => {
    expect(parsed(...lines)).toEqual(expected);
  });
});
