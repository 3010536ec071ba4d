/** Without a check, what is not signed is believed. */
import { type Bytes, type Message, SecaggError, type Signed } from '@secagg/schema';
import { type CheckName } from '../../../src/checks/names';
import { openDocument } from '../../../src/wire/documents';
import { isSwitchedOff } from '../../support/switched-off';

export function openUnder<T>(
  check: CheckName,
  message: Message<T>,
  fleet: string,
  signed: Signed,
  signer: { readonly key: Bytes; readonly id: string },
): T {
  try {
    return openDocument(message, fleet, signed, signer.key, signer.id);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    if (isSwitchedOff(check)) return message.decode(signed.body);
    throw new SecaggError(error.code, error.message, { ...error.details, check });
  }
}
