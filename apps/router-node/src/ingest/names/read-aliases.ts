/** The aliases of the configuration. */
import { readFileSync } from 'node:fs';
import { ConfigError, variableOf } from '@secagg/host';
import { SecaggError, withoutNulls } from '@secagg/schema';
import { type AliasRules, NO_ALIASES, parseAliases } from './aliases';

/** Throws {@link ConfigError} for a file that cannot be read or holds something else. */
export function readAliases(path: string | undefined): AliasRules {
  if (path === undefined) return NO_ALIASES;
  const where = `aliasesFile (${variableOf('aliasesFile')})`;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(
      `${where}: ${path} cannot be read as JSON: ${error instanceof Error ? error.message : 'unknown error'}`,
    );
  }
  try {
    return parseAliases(withoutNulls(value, 2));
  } catch (error) {
    if (error instanceof SecaggError)
      throw new ConfigError(`${where}: ${error.message} (${String(error.details.path)})`);
    throw error;
  }
}
