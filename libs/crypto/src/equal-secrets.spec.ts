import fc from 'fast-check';
import { equalSecrets } from './equal-secrets';

describe('equalSecrets', () => {
  it('holds for equal contents wherever they lie, and for nothing else', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (secret, position, change) => {
          const elsewhere = new Uint8Array(secret.length + 3);
          elsewhere.set(secret, 3);
          expect(equalSecrets(secret, elsewhere.subarray(3))).toBe(true);
          expect(equalSecrets(secret, elsewhere)).toBe(false);
          if (secret.length > 0) {
            const index = position % secret.length;
            elsewhere[3 + index] = secret[index] ^ change;
            expect(equalSecrets(secret, elsewhere.subarray(3))).toBe(false);
          }
        },
      ),
    );
  });
});
