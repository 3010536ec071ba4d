import { SecaggError } from '@secagg/schema';
import { faultOf, isDiskFault, readingStored, startFault } from './fault-of';
import { HostFault } from './host-fault';

const coded = (code: string, rawCode?: number) =>
  Object.assign(new Error(`says ${code}`), { code, ...(rawCode === undefined ? {} : { rawCode }) });

describe('what ended a process', () => {
  it.each([
    ['SQLITE_FULL', 13, 74],
    ['ENOSPC', undefined, 74],
    ['UNKNOWN_SQLITE_ERROR_1544', 1544, 74],
    ['SQLITE_IOERR_WRITE', 778, 74],
    ['EROFS', undefined, 74],
    ['SQLITE_CORRUPT_VTAB', 267, 65],
    ['SQLITE_NOTADB', 26, 65],
    ['SQLITE_BUSY', 5, 75],
    ['SQLITE_BUSY_RECOVERY', 261, 75],
    ['SQLITE_CANTOPEN', 14, 77],
    ['EADDRINUSE', undefined, 69],
    ['EACCES', undefined, 77],
    ['ECONNRESET', undefined, 70],
    ['SQLITE_CONSTRAINT', 19, 70],
  ])('%s (%p) is status %i, also where it is the cause of something else', (code, rawCode, status) => {
    const error = coded(code, rawCode);
    expect(faultOf(error).exitCode).toBe(status);
    expect(faultOf(new Error('outer', { cause: error })).exitCode).toBe(status);
    expect(isDiskFault(error)).toBe(status === 74 || status === 75);
  });

  it('is told in one line where the machine is at fault, and with its stack where the program is', () => {
    expect(faultOf(coded('EADDRINUSE')).message).toBe('another process listens there (says EADDRINUSE)');
    expect(faultOf(new TypeError('x is undefined')).message).toContain('fault-of.spec');
    expect(faultOf('thrown text')).toMatchObject({ exitCode: 70, message: 'thrown text' });
    const known = new HostFault(78, 'as it is');
    expect(faultOf(new Error('outer', { cause: known }))).toBe(known);
  });

  it('is the configuration, at the start, for refusals of this system', () => {
    expect(startFault(new SecaggError('bad_signature', "not the authority's"))).toMatchObject({
      exitCode: 78,
      message: "bad_signature: not the authority's",
    });
    expect(startFault(new SecaggError('unavailable', 'the database is away')).exitCode).toBe(75);
    expect(startFault(coded('SQLITE_FULL', 13)).exitCode).toBe(74);
  });

  it('is a damaged database where what it holds cannot be decoded, and not where it does not fit the configuration', async () => {
    const reading = (error: Error) => readingStored('a.db', () => Promise.reject(error));
    await expect(reading(new SecaggError('malformed', 'x'))).rejects.toMatchObject({
      exitCode: 65,
      message: expect.stringContaining('a.db is damaged') as unknown,
    });
    await expect(reading(new SecaggError('bad_signature', 'x'))).rejects.toMatchObject({ code: 'bad_signature' });
    expect(await readingStored('a.db', () => 7)).toBe(7);
  });
});
