/** Values of options; each parser refuses what it does not understand and says what it wants. */
import { parseServiceUrl } from '@secagg/client';
import { SecaggError } from '@secagg/schema';
import { InvalidArgumentError } from 'commander';
import { Usage } from './output';

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

/**
 * As the policy has them: none stands for all. Not by an empty text, which is what a variable gives that was forgotten.
 */
export const membersOrAll = (text: string): string[] => {
  if (text.trim() === '*') return [];
  return text.trim() === '' ? wanted("a list, separated by commas, or '*' for every router of the roster") : list(text);
};

export const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (text: string): T =>
    choices.find((choice) => choice === text) ?? wanted(`one of ${choices.join(', ')}`);

export const publicKey = (text: string): Uint8Array =>
  /^[0-9a-f]{64}$/.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : wanted('64 hexadecimal digits');

/** Of a service. Not an error of Commander, which would repeat the text: a URL may hold a password. */
export const serviceUrl = (text: string): string => {
  try {
    parseServiceUrl(text);
    return text;
  } catch (error) {
    if (error instanceof SecaggError) throw new Usage(`the URL of a service: ${error.message}`);
    throw error;
  }
};
