/**
 * What a process asks of the operating system, written down by strace: which bytes went into which file, and what was
 * synced.
 */
import { spawnSync } from 'node:child_process';

/**
 * Writes to files and sockets, syncs, and what changes names. Reads of sockets tell which request an answer belongs to.
 */
const FILE_CALLS = [
  'openat',
  'mkdir',
  'mkdirat',
  'pwrite64',
  'write',
  'writev',
  'fsync',
  'fdatasync',
  'ftruncate',
  'unlink',
  'unlinkat',
  'rename',
  'renameat2',
];
const SOCKET_CALLS = ['read', 'readv', 'recvfrom', 'sendto', 'sendmsg'];
const LONGEST_STRING = 64 * 1024 * 1024;

/** Whether strace is installed and may trace here. */
export const canTrace = (): boolean =>
  spawnSync('strace', ['-D', '-f', '-e', 'trace=none', '-o', '/dev/null', process.execPath, '-e', '0']).status === 0;

/**
 * The command that runs a program under strace. The program itself is the child (-D), so that it is killed as ever.
 * @param sockets also writes down what is read
 */
export const traced = (logFile: string, program: readonly string[], sockets = false): [string, string[]] => [
  'strace',
  [
    '-D',
    '-f',
    '--seccomp-bpf',
    '-q',
    '-yy',
    '-xx',
    '-s',
    String(LONGEST_STRING),
    '-e',
    `trace=${[...FILE_CALLS, ...(sockets ? SOCKET_CALLS : [])].join(',')}`,
    '-o',
    logFile,
    ...program,
  ],
];
