import { faultOf, HostFault, isDiskFault } from '@secagg/host';
import { SecaggError } from '@secagg/schema';
import { arrived, carried } from './carried-error';

/** As the runtime passes a value between threads. */
const passed = (error: unknown): Error => arrived(structuredClone(carried(error)));

describe('an error from another thread', () => {
  it('is a refusal with its code and details', () => {
    expect(passed(new SecaggError('invalid', 'latency', { index: 3, path: 'latency_s' }))).toEqual(
      new SecaggError('invalid', 'latency', { index: 3, path: 'latency_s' }),
    );
  });

  it('is a fault with its exit status', () => {
    const fault = passed(new HostFault(78, 'sealed under another store key'));
    expect(fault).toBeInstanceOf(HostFault);
    expect(fault).toMatchObject({ exitCode: 78, message: 'sealed under another store key' });
  });

  it('tells what the disk said', () => {
    const full = passed(Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL', rawCode: 13 }));
    expect(isDiskFault(full)).toBe(true);
    expect(faultOf(passed(new TypeError('x is undefined'))).message).toContain('carried-error.spec');
    expect(passed('text').message).toBe('text');
  });
});
