/** Options of the load command. */
import { toolCommand, wholeNumber } from '@secagg/testbed/command-line';

export interface LoadOptions {
  /** Routers that contribute within `seconds`. */
  readonly routers: number;
  readonly seconds: number;
  /** The overload: `factor` times as many arrive per second, for `overloadSeconds`. 0: no overload. */
  readonly factor: number;
  readonly overloadSeconds: number;
  readonly json?: string;
}

/** Throws CommanderError, after having said what is wrong. */
export const loadOptions = (args: readonly string[]): LoadOptions =>
  toolCommand('load', 'What one coordinator process does under load: steady, at its peak, and with too much of it.')
    .option('--routers <n>', 'routers that contribute within --seconds', wholeNumber(4, 20_000), 1000)
    .option('--seconds <s>', 'time that they spread over', wholeNumber(1, 600), 10)
    .option('--factor <k>', 'the overload: as many times more arrive per second; 0: none', wholeNumber(0, 100), 10)
    .option('--overload-seconds <s>', 'how long the overload lasts', wholeNumber(1, 600), 60)
    .option('--json <file>', 'write the figures as JSON')
    .parse([...args], { from: 'user' })
    .opts<LoadOptions>();
