/** Attributes of OTLP, from JSON or protobuf. */
import { asList, asObject, asText } from '../fields';

export type Attributes = ReadonlyMap<string, string | number | boolean>;

/** Those that hold one text, number or truth value; lists and maps are not looked at. */
export function attributesOf(list: unknown): Attributes {
  const found = new Map<string, string | number | boolean>();
  for (const entry of asList(list)) {
    const key = asText(asObject(entry)?.key);
    const value = valueOf(asObject(asObject(entry)?.value));
    if (key !== undefined && value !== undefined) found.set(key, value);
  }
  return found;
}

function valueOf(value: Readonly<Record<string, unknown>> | undefined): string | number | boolean | undefined {
  if (!value) return undefined;
  if (typeof value.stringValue === 'string') return value.stringValue;
  if (typeof value.boolValue === 'boolean') return value.boolValue;
  // 64-bit integers are text in JSON, and so may be numbers that JSON does not have.
  const number = value.intValue ?? value.doubleValue;
  return typeof number === 'number' || typeof number === 'string' ? Number(number) : undefined;
}

/** The first of these attributes that is there. */
export const firstOf = (attributes: Attributes, names: readonly string[]): string | number | boolean | undefined =>
  names.map((name) => attributes.get(name)).find((value) => value !== undefined && value !== '');
