import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SecaggError, signedMessage } from '@secagg/schema';
import { pino } from 'pino';
import { useTestFolder } from '../../test/support/test-folder';
import { DocumentsFolder } from './documents-folder';

const folder = useTestFolder();
const signed = signedMessage.encode({ body: Uint8Array.of(0), signature: new Uint8Array(64) });

/** What `take` throws at each look, in turn. */
function offered(...outcomes: (SecaggError | undefined)[]) {
  for (const file of ['policy.cbor', 'roster.cbor']) writeFileSync(join(folder(), file), signed);
  let takes = 0;
  const take = () => {
    const outcome = outcomes[takes];
    takes += 1;
    if (outcome) throw outcome;
  };
  const documents = new DocumentsFolder(folder(), { take, takeStatement: () => undefined }, pino({ level: 'silent' }));
  return { documents, takes: () => takes };
}

it('offers documents again that a locked database could not take, and then no more', () => {
  const { documents, takes } = offered(new SecaggError('unavailable', 'locked'), undefined);
  for (let look = 0; look < 4; look++) documents.look();
  expect(takes()).toBe(2);
});

it('offers documents that do not hold once', () => {
  const { documents, takes } = offered(new SecaggError('bad_signature', 'not by this authority'));
  for (let look = 0; look < 4; look++) documents.look();
  expect(takes()).toBe(1);
});
