/** Text of an environment variable to a value. Strict: what could be meant in two ways is refused, never guessed. */
import { type Setting } from './setting';

/** What a text should have been. */
export class NotAValue extends Error {}

const INTEGER = /^-?(0|[1-9]\d*)$/;
const DECIMAL = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

/**
 * Throws {@link NotAValue} with what is wanted; the text itself is not repeated, since it may be a secret in the wrong
 * place.
 */
export function valueOfText({ type, kind }: Pick<Setting, 'type' | 'kind'>, text: string): unknown {
  if (text !== text.trim()) throw new NotAValue('begins or ends with white space');
  switch (type) {
    case 'integer':
      if (!INTEGER.test(text))
        throw new NotAValue('must be a whole number in decimal digits, without unit, sign, exponent or leading zeros');
      return Number(text);
    case 'number':
      if (!DECIMAL.test(text)) throw new NotAValue('must be a decimal number such as 0.5 or 1e-6, without unit');
      return Number(text);
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw new NotAValue('must be true or false');
      return text === 'true';
    case 'list':
      return text.split(',').map((entry) => entry.trim());
    default:
      if (kind !== 'secret' && /\p{Cc}/u.test(text)) throw new NotAValue('has a control character in it');
      return text;
  }
}
