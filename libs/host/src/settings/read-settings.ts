/**
 * Configuration of a program: a JSON file named by SECAGG_CONFIG, and environment variables, which win over it.
 * Relative paths in the file are from its folder, those in variables from the working directory. An empty variable
 * counts as not given.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { withoutNulls } from '@secagg/schema';
import { type z } from 'zod';
import { exitCodes } from '../exit-codes';
import { HostFault } from '../host-fault';
import { nearest } from './nearest';
import { serviceVariables } from './service-variables';
import { type JsonSchema, jsonSchemaOf, type Setting, settingsOf, variableOf } from './setting';
import { NotAValue, valueOfText } from './text-value';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that is read elsewhere than through the schema. */
export interface OtherVariable {
  readonly variable: string;
  readonly description: string;
}

/** Read before there is a configuration, or kept out of it. */
export const commonVariables: readonly OtherVariable[] = [
  { variable: 'SECAGG_CONFIG', description: 'JSON file with the fields of this table' },
  {
    variable: 'SECAGG_STORE_KEY',
    description:
      'the store key itself, 64 hexadecimal digits, in place of storeKeyFile. Prefer the file: the variable is kept from child processes, but the system shows it in /proc for as long as the process lives',
  },
  { variable: 'SECAGG_UNSAFE_CRASH_AT', description: 'crash tests only: the process kills itself at this point' },
  {
    variable: 'SECAGG_UNSAFE_CRASH_TRACE',
    description: 'crash tests only: file that the points passed are written to',
  },
];

/** What is wrong with the configuration, one line for each problem: for a person to read. */
export class ConfigError extends HostFault {
  constructor(message: string) {
    super(exitCodes.config, message);
  }
}

export interface ReadOptions {
  readonly others?: readonly OtherVariable[];
  /**
   * For a tool that is run in the environment of services: only what looks like one of its own variables is refused.
   */
  readonly shared?: boolean;
}

export interface ReadSettings<T> {
  readonly config: T;
  /** What the operator should know and that keeps nothing from working: for the log. */
  readonly notices: readonly string[];
}

/**
 * Throws {@link ConfigError} with every field (and its variable) that is missing, unknown or wrong. Never repeats a
 * value.
 */
export function readSettings<Schema extends z.ZodType>(
  schema: Schema,
  environment: Environment,
  { others = commonVariables, shared = false }: ReadOptions = {},
): ReadSettings<z.output<Schema>> {
  const settings = settingsOf(schema);
  const reading = new Reading(settings, environment);
  if (!shared) reading.takeFile();
  reading.takeVariables();
  reading.refuseUnknown(
    others.map(({ variable }) => variable),
    shared,
  );
  const result = schema.safeParse(reading.values);
  if (result.success && reading.problems.size === 0) return { config: result.data, notices: reading.notices };
  if (!result.success) for (const issue of result.error.issues) reading.refuse(issue, jsonSchemaOf(schema));
  throw new ConfigError([...reading.problems.values()].join('\n'));
}

class Reading {
  readonly values: Record<string, unknown> = {};
  /** By field, so that a value that could not be read is not told of again by the schema. */
  readonly problems = new Map<string, string>();
  readonly notices: string[] = [];

  constructor(
    private readonly settings: readonly Setting[],
    private readonly environment: Environment,
  ) {}

  takeFile(): void {
    const file = this.environment.SECAGG_CONFIG;
    if (!file) return;
    Object.assign(this.values, readJsonObject(file));
    for (const setting of this.settings) {
      this.takeFormerName(setting);
      const value = valueAt(this.values, setting.path);
      if (typeof value !== 'string') continue;
      if (setting.kind === 'path') this.set(setting, this.resolved(value, setting, dirname(resolve(file))));
      else if (setting.type !== 'text' && setting.type !== 'json') this.takeText(setting, value);
    }
  }

  takeVariables(): void {
    const foreign = serviceVariables(this.environment);
    for (const setting of this.settings) {
      const { variable, formerly, path, kind } = setting;
      if (variable === undefined) continue;
      const former = formerly === undefined ? undefined : variableOf(formerly);
      const used = former !== undefined && !this.environment[variable] && this.environment[former] ? former : variable;
      const text = this.environment[used];
      if (text === undefined || text === '') continue;
      if (used !== variable) this.notices.push(`${used} is now called ${variable}`);
      else if (former !== undefined && this.environment[former])
        this.problem(path, `is given twice: ${former} is its former name`);
      if (foreign.has(used)) {
        this.notices.push(
          `${used} holds the address of a Kubernetes service of that name, and no setting: it is ignored (enableServiceLinks: false keeps such variables out)`,
        );
        continue;
      }
      this.takeText(setting, text);
      const value = valueAt(this.values, path);
      if (kind === 'path' && typeof value === 'string') this.set(setting, resolve(value));
    }
  }

  refuseUnknown(others: readonly string[], shared: boolean): void {
    const known = new Set([
      ...others,
      ...this.settings.flatMap(({ variable, formerly }) => [
        ...(variable === undefined ? [] : [variable]),
        ...(formerly === undefined ? [] : [variableOf(formerly)]),
      ]),
    ]);
    const foreign = serviceVariables(this.environment);
    for (const name of Object.keys(this.environment)) {
      if (!name.toUpperCase().startsWith('SECAGG_') || known.has(name) || foreign.has(name)) continue;
      if (shared && nearest(name, known) === undefined) continue;
      this.problems.set(name, `${name}: there is no such variable${meant(name, known)}`);
    }
  }

  refuse({ path, message, code, ...issue }: z.core.$ZodIssue, schema: JsonSchema): void {
    const names = path.map(String);
    if (code === 'unrecognized_keys') {
      const known = Object.keys(schemaAt(schema, names)?.properties ?? {});
      for (const key of (issue as { keys: readonly string[] }).keys)
        this.problems.set(
          [...names, key].join('.'),
          `${names.join('.') || 'configuration'}: there is no field "${key}"${meant(key, known)}`,
        );
      return;
    }
    this.problem(names, message.endsWith('received undefined') ? 'is missing' : message);
  }

  private takeText(setting: Setting, text: string): void {
    try {
      this.set(setting, valueOfText(setting, text));
    } catch (error) {
      if (!(error instanceof NotAValue)) throw error;
      this.problem(setting.path, error.message);
    }
  }

  /**
   * Keeps a process from starting with an empty data directory where an older release read the path from the working
   * directory.
   */
  private resolved(value: string, { path }: Setting, folder: string): string {
    const found = resolve(folder, value);
    if (!isAbsolute(value) && !existsSync(found) && existsSync(resolve(value)))
      this.problem(
        path,
        `relative paths in the file are from its folder, where there is no ${value}, but there is one in the working directory: write the absolute path`,
      );
    return found;
  }

  private takeFormerName(setting: Setting): void {
    const { formerly, path } = setting;
    if (formerly === undefined || this.values[formerly] === undefined) return;
    const name = path.join('.');
    if (this.values[name] !== undefined) this.problem(path, `is given twice: ${formerly} is its former name`);
    else this.notices.push(`the field ${formerly} is now called ${name}`);
    this.set(setting, this.values[formerly]);
    delete this.values[formerly];
  }

  private set({ path }: Setting, value: unknown): void {
    let at = this.values;
    for (const name of path.slice(0, -1)) {
      const inner = at[name];
      // What is no object is for the schema to refuse.
      if (inner !== undefined && (typeof inner !== 'object' || inner === null)) return;
      at = at[name] = { ...inner };
    }
    at[path[path.length - 1]] = value;
  }

  private problem(path: readonly string[], text: string): void {
    const name = path.join('.');
    if (!this.problems.has(name)) this.problems.set(name, `${this.nameOf(path)}: ${text}`);
  }

  private nameOf(path: readonly string[]): string {
    if (path.length === 0) return 'configuration';
    const name = path.join('.');
    // An entry of a list has no variable of its own, but the list has.
    const variable = this.settings.find((setting) => setting.path.every((part, at) => path[at] === part))?.variable;
    return variable === undefined ? name : `${name} (${variable})`;
  }
}

function meant(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === undefined ? '' : ` (do you mean ${near}?)`;
}

function valueAt(values: object, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined),
    values,
  );
}

const schemaAt = (schema: JsonSchema, path: readonly string[]): JsonSchema | undefined =>
  path.reduce<JsonSchema | undefined>(
    (at, name) => (/^\d+$/.test(name) && at?.items ? at.items : at?.properties?.[name]),
    schema,
  );

/** Null is absent, however deep a field is. */
const CONFIG_DEPTH = 32;

function readJsonObject(file: string): object {
  const refuse = (why: string): never => {
    throw new ConfigError(`SECAGG_CONFIG: cannot read the configuration file ${file}: ${why}`);
  };
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    return refuse((error as NodeJS.ErrnoException).code ?? 'unknown error');
  }
  let value: unknown;
  try {
    value = withoutNulls(JSON.parse(text), CONFIG_DEPTH);
  } catch (error) {
    // The parser's message shows what stands there, which may be a password.
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const line = position === undefined ? undefined : text.slice(0, Number(position)).split('\n').length;
    return refuse(`it cannot be read as JSON${line === undefined ? '' : `, line ${line}`}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('it must hold a JSON object');
  return value;
}
