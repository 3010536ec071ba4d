/**
 * What a configuration schema says of its fields: names, kinds, defaults and descriptions, for the reader and for the
 * documentation.
 */
import { z } from 'zod';

/**
 * Metadata of a field, given with `.meta()`:
 * - `kind`: a `path` in the file is relative to the file's folder; a `secret` is never repeated in a message
 * - `variable`: its environment variable, where that is not the one its name gives; `false`: it has none
 * - `formerly`: the field's name in earlier releases, which is still taken
 */
export interface SettingMeta {
  readonly kind?: 'path' | 'secret';
  readonly variable?: string | false;
  readonly formerly?: string;
}

declare module 'zod' {
  interface GlobalMeta extends SettingMeta {
    readonly description?: string;
  }
}

export type Type = 'text' | 'integer' | 'number' | 'boolean' | 'list' | 'json';

export interface Setting {
  /** Names from the outermost object to the field. */
  readonly path: readonly string[];
  /** Undefined when the field stands in the file only. */
  readonly variable?: string;
  readonly type: Type;
  readonly kind?: SettingMeta['kind'];
  readonly formerly?: string;
  readonly choices?: readonly string[];
  /** Of numbers, such as `1 to 5` or `above 0, below 1`. */
  readonly range?: string;
  readonly required: boolean;
  readonly default?: unknown;
  readonly description: string;
}

/** The parts of a JSON schema that are looked at here. */
export interface JsonSchema extends SettingMeta {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
}

export const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** Environment variable of a field: `timings.reportGraceMs` is SECAGG_TIMINGS_REPORT_GRACE_MS. */
export const variableOf = (...path: readonly string[]): string =>
  `SECAGG_${path.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter}`)).join('_')}`.toUpperCase();

/**
 * Every field that has a value of its own, in the order of the schema. Objects are taken apart; lists of objects are
 * one field.
 */
export const settingsOf = (schema: z.ZodType): Setting[] => fieldsOf(jsonSchemaOf(schema), []);

function fieldsOf({ properties = {}, required = [] }: JsonSchema, path: readonly string[]): Setting[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const at = [...path, name];
    if (field.properties) return fieldsOf(field, at);
    const type = typeOf(field);
    const variable = type === 'json' || field.variable === false ? undefined : (field.variable ?? variableOf(...at));
    return [
      {
        path: at,
        type,
        required: required.includes(name),
        description: field.description ?? '',
        ...present({
          variable,
          kind: field.kind,
          formerly: field.formerly,
          choices: field.enum,
          default: field.default,
          range: rangeOf(field),
        }),
      },
    ];
  });
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string | undefined {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  const least = exclusiveMinimum === undefined ? minimum : `above ${exclusiveMinimum}`;
  const most = exclusiveMaximum === undefined ? maximum && `at most ${maximum}` : `below ${exclusiveMaximum}`;
  return least === undefined && most === undefined ? undefined : [least, most].filter(Boolean).join(', ');
}

function typeOf({ type, items }: JsonSchema): Type {
  if (type === 'integer' || type === 'number' || type === 'boolean') return type;
  if (type === 'array') return items?.type === 'string' ? 'list' : 'json';
  return type === 'string' ? 'text' : 'json';
}

const present = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
