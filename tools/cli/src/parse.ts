/** Values of options; each parser refuses what it does not understand and says what it wants. */
import { InvalidArgumentError } from 'commander';

const wanted = (what: string): never => {
  throw new InvalidArgumentError(`It must be ${what}.`);
};

/** Commander calls a parser with the previous value too; these take one argument only. */
export const number = (text: string): number => {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : wanted('a number');
};

export const positive = (text: string): number => {
  const value = number(text);
  return value > 0 ? value : wanted('a number above 0');
};

export const nonNegative = (text: string): number => {
  const value = number(text);
  return value >= 0 ? value : wanted('a number from 0');
};

export const count = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : wanted('a whole number'));

export const positiveCount = (text: string): number =>
  /^\d{1,15}$/.test(text) && Number(text) > 0 ? Number(text) : wanted('a whole number from 1');

/** The reciprocal of delta as the wire has it: a whole number from 2. */
export const delta = (text: string): number => {
  const value = number(text);
  return value > 0 && value <= 0.5 ? value : wanted('a number above 0, at most 0.5');
};

export const list = (text: string): string[] => {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  return entries.length > 0 ? entries : wanted('a list, separated by commas');
};

export const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (text: string): T =>
    choices.find((choice) => choice === text) ?? wanted(`one of ${choices.join(', ')}`);

export const publicKey = (text: string): Uint8Array =>
  /^[0-9a-f]{64}$/.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : wanted('64 hexadecimal digits');

export const origin = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : wanted('a URL such as http://127.0.0.1:8400');
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.origin : wanted('an http or https URL');
};
