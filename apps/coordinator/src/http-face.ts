/** The HTTP server as a part of the service. */
import { setMaxListeners } from 'node:events';
import { listening, type Part } from '@secagg/host';
import { accessOf, type Address, createHttpServer, type HttpServerOptions, type Operation } from '@secagg/http';
import { type Config } from './config';
import { type Journal } from './journal';
import { HARD_CAP_BYTES } from './rounds/contribution-size';

/** Where it listens, once it has started. */
export interface HttpFace extends Part {
  address(): Address;
}

/** @param closing ends the waits of requests when the server closes */
export function httpFace(
  config: Config,
  operations: readonly Operation[],
  journal: Journal,
  closing: AbortController,
  onProblem: HttpServerOptions['onProblem'],
): HttpFace {
  // Every request under way listens.
  setMaxListeners(0, closing.signal);
  const server = createHttpServer(operations, {
    fresh: () => journal.fresh(),
    reading: () => journal.reading(),
    onProblem,
    closing: closing.signal,
    access: accessOf(config),
    limits: config.limits,
    largestBodyBytes: HARD_CAP_BYTES,
  });
  let address: Address | undefined;
  return {
    name: 'http',
    start: async () => {
      address = await listening(config, () => server.listen(config));
    },
    stop: () => {
      closing.abort();
      return server.close(config.shutdownGraceMs);
    },
    address: () => {
      if (!address) throw new Error('the server has not started');
      return address;
    },
  };
}
