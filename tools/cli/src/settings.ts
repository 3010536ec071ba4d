/** What the CLI takes from its environment. */
import { commonVariables, type Environment, readSettings } from '@secagg/host';
import { z } from 'zod';

export const cliSchema = z.strictObject({
  storeKeyFile: z
    .string()
    .min(1)
    .meta({
      kind: 'path',
      description: "what an operator's identity.key is sealed under; or SECAGG_STORE_KEY holds it",
    })
    .optional(),
  groupAccess: z.boolean().default(false).meta({
    description: "the group of an operator's key files may read them, as with Kubernetes' fsGroup; others never",
  }),
  databaseUrl: z
    .string()
    .min(1)
    .meta({
      kind: 'secret',
      variable: 'DATABASE_URL',
      description: 'postgres:// URL of the database of coordinators, for backup and restore with --postgres',
    })
    .optional(),
});

export const cliVariables = commonVariables.filter(({ variable }) => variable === 'SECAGG_STORE_KEY');

/** Throws a ConfigError for a variable that is mistyped. */
export const cliSettings = (environment: Environment): z.infer<typeof cliSchema> =>
  readSettings(cliSchema, environment, { others: cliVariables, shared: true }).config;
