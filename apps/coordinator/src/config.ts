/**
 * The coordinator's configuration, from its environment: config/schema.ts says what there is, libs/host how it is read.
 */
import { ConfigError, type Environment, readSettings, type ReadSettings, settingName } from '@secagg/host';
import { type Config, configSchema } from './config/schema';

export { type Config, configSchema } from './config/schema';
export { ConfigError };

export const readConfiguration = (environment: Environment): ReadSettings<Config> =>
  readSettings(configSchema, environment);

/** Throws {@link ConfigError} naming every field (and its variable) that is missing, unknown or out of range. */
export const readConfig = (environment: Environment): Config => readConfiguration(environment).config;

/** A field as messages name it. */
export const named = (field: keyof Config): string =>
  field === 'databaseUrl' ? settingName(field, 'DATABASE_URL') : settingName(field);
