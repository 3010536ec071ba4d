/** Settings as rows of a table, for `--settings` and docs/operations.md. */
import { type z } from 'zod';
import { commonVariables, type OtherVariable } from './read-settings';
import { type Setting, settingsOf } from './setting';

export interface SettingRow {
  /** Empty for what stands in the file only. */
  readonly variable: string;
  /** Empty for what is a variable only. */
  readonly field: string;
  /** What values it takes. */
  readonly values: string;
  readonly default: string;
  readonly description: string;
}

export const settingRows = (schema: z.ZodType, others: readonly OtherVariable[] = commonVariables): SettingRow[] => [
  ...settingsOf(schema).map((setting) => ({
    variable: setting.variable ?? '',
    field: setting.path.join('.'),
    values: valuesOf(setting),
    default: setting.required ? 'required' : textOf(setting.default),
    description:
      setting.description + (setting.formerly === undefined ? '' : `. Formerly ${setting.formerly}, still taken`),
  })),
  ...others.map(({ variable, description }) => ({ variable, field: '', values: '', default: '', description })),
];

function valuesOf({ type, kind, choices, range }: Setting): string {
  if (choices) return choices.join(', ');
  if (type === 'boolean') return 'true, false';
  if (type === 'json') return 'JSON';
  if (type === 'list') return 'names, separated by commas';
  if (type === 'text') return kind ?? 'text';
  return range === undefined ? type : `${type}, ${range}`;
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
