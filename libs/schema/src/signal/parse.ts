import { type z } from 'zod';
import { SecaggError } from '../problems';

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LONGEST_STEP = 80;

/** `a.b[3]["model:task"]`; a step that came from outside is quoted and cut, so that it can be logged. */
const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      const name = String(step);
      return PLAIN.test(name) && name.length <= LONGEST_STEP
        ? `.${name}`
        : `[${JSON.stringify(name.slice(0, LONGEST_STEP))}]`;
    })
    .join('')
    .replace(/^\./, '');

/**
 * The value as `schema` gives it. Throws `SecaggError('invalid')` whose `details.path` names the first offending field;
 * for a field that should not be there, the field itself. The message repeats no value.
 */
export function parseOrRefuse<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw new SecaggError('invalid', `${what}: refused`, { path: '' });
  const unknownField = issue.code === 'unrecognized_keys';
  const path = pathText(unknownField ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path);
  const reason = unknownField
    ? 'unknown field'
    : issue.code === 'invalid_key'
      ? (issue.issues[0]?.message ?? issue.message)
      : issue.message;
  throw new SecaggError('invalid', `${what}${path ? ` ${path}` : ''}: ${reason}`, { path });
}
