/** Signatures as checks with a name. */
import { type Bytes, type Message, type Signed } from '@secagg/schema';
import { openDocument } from '../wire/documents';
import { type CheckName } from './names';
import { under } from './check';

/** Verifies and decodes a signed document. Throws `bad_signature`, or what decoding throws, with the check's name. */
export const openUnder = <T>(
  check: CheckName,
  message: Message<T>,
  fleet: string,
  signed: Signed,
  signer: { readonly key: Bytes; readonly id: string },
): T => under(check, () => openDocument(message, fleet, signed, signer.key, signer.id));
