import { type ProblemCode, SecaggError } from '@secagg/schema';
import { exitCodes, type ExitCode } from './exit-codes';
import { HostFault } from './host-fault';

/** What the operating system and SQLite call what this is about, by the start of their codes. */
const KINDS: readonly (readonly [prefix: string, exitCode: ExitCode, text: string])[] = [
  ['SQLITE_FULL', exitCodes.ioError, 'the disk is full'],
  ['ENOSPC', exitCodes.ioError, 'the disk is full'],
  ['EDQUOT', exitCodes.ioError, 'the disk quota is used up'],
  [
    'SQLITE_READONLY',
    exitCodes.ioError,
    'the database cannot be written: its folder, its file or its disk is read-only',
  ],
  ['EROFS', exitCodes.ioError, 'the disk is read-only'],
  ['SQLITE_IOERR', exitCodes.ioError, 'the disk takes no writes'],
  ['EIO', exitCodes.ioError, 'the disk fails'],
  ['EFBIG', exitCodes.ioError, 'the file may not grow any further'],
  ['SQLITE_CORRUPT', exitCodes.corrupt, 'the database is damaged: it is left as it is; restore a backup'],
  [
    'SQLITE_NOTADB',
    exitCodes.corrupt,
    'the file is no database, or a damaged one: it is left as it is; restore a backup',
  ],
  ['SQLITE_BUSY', exitCodes.inUse, 'another process has the data directory'],
  ['SQLITE_CANTOPEN', exitCodes.noPermission, 'the database cannot be opened'],
  ['SQLITE_PERM', exitCodes.noPermission, 'the database cannot be opened'],
  ['EADDRINUSE', exitCodes.unavailable, 'another process listens there'],
  ['EADDRNOTAVAIL', exitCodes.unavailable, 'this machine does not have the address'],
  ['EACCES', exitCodes.noPermission, 'this process may not do that'],
  ['EPERM', exitCodes.noPermission, 'this process may not do that'],
];

/**
 * What ended a process, in words for the person who runs it. Faults of the machine are told in one line; whatever else
 * was thrown is a bug and keeps its stack.
 */
export function faultOf(error: unknown): HostFault {
  for (let cause = error; cause !== undefined; cause = causeOf(cause)) {
    if (cause instanceof HostFault) return cause;
    const code = codeOf(cause);
    const kind = KINDS.find(([prefix]) => code?.startsWith(prefix));
    if (kind) return new HostFault(kind[1], `${kind[2]} (${textOf(error)})`, { cause: error });
  }
  return new HostFault(exitCodes.software, error instanceof Error && error.stack ? error.stack : textOf(error), {
    cause: error,
  });
}

/**
 * The same at the start, when a refusal with a code of this system is about what the process was configured with;
 * `unavailable` may be over soon.
 */
export function startFault(error: unknown): HostFault {
  return error instanceof SecaggError
    ? new HostFault(
        error.code === 'unavailable' ? exitCodes.away : exitCodes.config,
        `${error.code}: ${error.message}`,
        { cause: error },
      )
    : faultOf(error);
}

/**
 * Whether the disk takes no writes, or another process has locked the database: what is refused for that may be taken
 * later.
 */
export const isDiskFault = (error: unknown): boolean => {
  const { exitCode } = faultOf(error);
  return exitCode === exitCodes.ioError || exitCode === exitCodes.inUse;
};

const UNREADABLE: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'malformed',
  'not_canonical',
  'too_large',
  'invalid',
  'internal',
]);

/** Reads stored state; what cannot be decoded is a damaged database, and not a wrong configuration. */
export async function readingStored<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SecaggError && UNREADABLE.has(error.code)) {
      throw new HostFault(
        exitCodes.corrupt,
        `${path} is damaged: it is left as it is; restore a backup (${error.code}: ${error.message})`,
        { cause: error },
      );
    }
    throw error;
  }
}

// An error of another realm, as a native module throws, is no `instanceof Error`.
const fieldOf = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;

const causeOf = (error: unknown): unknown => fieldOf(error, 'cause');

/**
 * Primary result codes of SQLite (sqlite3.h): the driver has no name for most of the extended ones, which have them in
 * the low byte.
 */
const SQLITE: Readonly<Record<number, string>> = {
  3: 'SQLITE_PERM',
  5: 'SQLITE_BUSY',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
};

function codeOf(error: unknown): string | undefined {
  const raw = fieldOf(error, 'rawCode');
  if (typeof raw === 'number' && SQLITE[raw & 0xff] !== undefined) return SQLITE[raw & 0xff];
  const code = fieldOf(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

function textOf(error: unknown): string {
  const message = fieldOf(error, 'message');
  return typeof message === 'string' ? message : String(error);
}
