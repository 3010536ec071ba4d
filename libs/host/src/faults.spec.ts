import { SecaggError } from '@secagg/schema';
import { Faults } from './faults';
import { HostFault } from './host-fault';

describe('faults of a start', () => {
  it('are told all at once, under the status of the first', async () => {
    const faults = new Faults();
    const found = [
      await faults.attempt(() => 1),
      await faults.attempt(() => Promise.reject(new HostFault(77, 'a mode'))),
      await faults.attempt(() => {
        throw new SecaggError('bad_signature', 'a document');
      }),
    ];
    expect(found).toEqual([1, undefined, undefined]);
    expect(() => faults.raise()).toThrow(
      expect.objectContaining({ exitCode: 77, message: 'a mode\nbad_signature: a document' }),
    );
  });

  it('are none when nothing is wrong, and never a bug', async () => {
    const faults = new Faults();
    await expect(faults.attempt(() => Promise.reject(new TypeError('x is undefined')))).rejects.toThrow(TypeError);
    expect(() => faults.raise()).not.toThrow();
  });
});
