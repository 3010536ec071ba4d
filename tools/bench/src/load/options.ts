/** Options of the load command. */
import { parseArgs } from 'node:util';

export interface LoadOptions {
  /** Routers that contribute within `seconds`. */
  readonly routers: number;
  readonly seconds: number;
  /** The overload: `factor` times as many arrive per second, for `overloadSeconds`. 0: no overload. */
  readonly factor: number;
  readonly overloadSeconds: number;
  readonly json?: string;
}

export const USAGE =
  'usage: npm run load -- [--routers 1000] [--seconds 10] [--factor 10] [--overload-seconds 60] [--json FILE]';

/** Throws for what is no number in its range. */
export function loadOptions(args: readonly string[]): LoadOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { routers: text, seconds: text, factor: text, 'overload-seconds': text, json: text },
  });
  const count = (
    name: 'routers' | 'seconds' | 'factor' | 'overload-seconds',
    byDefault: number,
    least: number,
    most: number,
  ): number => {
    const value = values[name] === undefined ? byDefault : Number(values[name]);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new Error(`--${name} is a whole number from ${least} to ${most}`);
    return value;
  };
  return {
    routers: count('routers', 1000, 4, 20_000),
    seconds: count('seconds', 10, 1, 600),
    factor: count('factor', 10, 0, 100),
    overloadSeconds: count('overload-seconds', 60, 1, 600),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}
