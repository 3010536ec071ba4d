/** A server as a part of a service. */
import { setMaxListeners } from 'node:events';
import { listening, type Where } from './listening';
import { type Part } from './parts';

interface Server<Address> {
  listen(where: Where): Promise<Address>;
  /** Stops accepting, and waits for requests under way for `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface Serving<Address> extends Part {
  /** Where it listens, once it has started. */
  address(): Address;
}

/** @param closing ends the waits of requests when the server closes */
export function serving<Address>(
  server: Server<Address>,
  where: Where,
  graceMs: number,
  closing: AbortController,
): Serving<Address> {
  // Every request under way listens.
  setMaxListeners(0, closing.signal);
  let address: Address | undefined;
  return {
    name: 'http',
    start: async () => {
      address = await listening(where, () => server.listen(where));
    },
    stop: () => {
      closing.abort();
      return server.close(graceMs);
    },
    address: () => {
      if (address === undefined) throw new Error('the server has not started');
      return address;
    },
  };
}
