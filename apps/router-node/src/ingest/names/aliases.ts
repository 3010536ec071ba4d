/**
 * Names that this router's software uses, and what the fleet calls them. A rule is a name or a pattern with `*` for any
 * characters; its target may have a `*` for what the first one stood for. A name of its own rule comes first, then
 * patterns in their order; what no rule matches keeps its name.
 */
import { joinKey, SecaggError, signalKeySchema, splitSignalKey } from '@secagg/schema';
import { z } from 'zod';

const MAX_RULES = 1000;
const MAX_LENGTH = 200;
/** Patterns of more could take long to fail. */
const MAX_STARS = 3;

const stars = (text: string): number => text.split('*').length - 1;

const rules = z
  .record(
    z
      .string()
      .min(1)
      .max(MAX_LENGTH)
      .refine((pattern) => stars(pattern) <= MAX_STARS, { error: `a pattern has at most ${MAX_STARS} '*'` }),
    z
      .string()
      .min(1)
      .max(MAX_LENGTH)
      .refine((name) => stars(name) <= 1, { error: "a name has at most one '*'" }),
  )
  .refine((table) => Object.keys(table).length <= MAX_RULES, { error: `at most ${MAX_RULES} aliases` })
  .refine((table) => Object.entries(table).every(([pattern, name]) => stars(name) === 0 || stars(pattern) > 0), {
    error: "a name has a '*' only where its pattern has one",
  })
  // So that it does not matter how often what waits is renamed.
  .refine((table) => Object.values(table).every((name) => stars(name) > 0 || renaming(table)(name) === name), {
    error: 'a name is itself renamed by another rule',
  });

export const aliasRules = z.strictObject({
  /** By model, or pattern of models. */
  models: rules.default({}),
  /** By task, or pattern of tasks. */
  tasks: rules.default({}),
});
export type AliasRules = z.infer<typeof aliasRules>;
export const NO_ALIASES: AliasRules = { models: {}, tasks: {} };
export const isEmpty = ({ models, tasks }: AliasRules): boolean =>
  Object.keys(models).length === 0 && Object.keys(tasks).length === 0;

export interface Aliases {
  model(name: string): string;
  task(name: string): string;
}

export const createAliases = ({ models, tasks }: AliasRules): Aliases => ({
  model: renaming(models),
  task: renaming(tasks),
});

/** The key by the fleet's names; as it is where they would make none. */
export function aliasedKey(aliases: Aliases, key: string): string {
  if (!signalKeySchema.safeParse(key).success) return key;
  const { model, task } = splitSignalKey(key);
  const renamed = joinKey(aliases.model(model), aliases.task(task));
  return signalKeySchema.safeParse(renamed).success ? renamed : key;
}

/** Throws `invalid` for what are no rules, `details.path` naming the alias. */
export function parseAliases(value: unknown): AliasRules {
  const result = aliasRules.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SecaggError('invalid', `aliases: ${issue.message}`, { path: issue.path.map(String).join('.') });
}

function renaming(table: Readonly<Record<string, string>>): (name: string) => string {
  const exact = new Map<string, string>();
  const patterns: { readonly pattern: RegExp; readonly target: string }[] = [];
  for (const [from, target] of Object.entries(table)) {
    if (stars(from) === 0) exact.set(from, target);
    else patterns.push({ pattern: new RegExp(`^${from.split('*').map(escaped).join('(.*)')}$`, 'su'), target });
  }
  return (name) => {
    const own = exact.get(name);
    if (own !== undefined) return own;
    for (const { pattern, target } of patterns) {
      const match = pattern.exec(name);
      if (match) return target.replace('*', () => match[1]);
    }
    return name;
  };
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
