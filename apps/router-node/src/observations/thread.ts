/** The observation store in a thread of its own: the two ends of the line to it. */
import { type MessagePort, Worker } from 'node:worker_threads';
import { arrived, carried, type CarriedError } from './carried-error';
import { type ObservationStore, type ObservationStoreOptions } from './observation-store';

type Name = keyof ObservationStore;
type Argument<N extends Name> = Parameters<ObservationStore[N]>[0];

interface Call {
  readonly id: number;
  readonly name: Name;
  readonly argument: unknown;
}

type Reply = { readonly id: number } & ({ readonly value: unknown } | { readonly error: CarriedError });

/** Id of the reply that says that the store is open, or why it is not. */
const OPEN = 0;

/** In the thread: opens the store and answers calls until it is closed. */
export async function serve(port: MessagePort, open: () => Promise<ObservationStore>): Promise<void> {
  const answer = async (id: number, act: () => Promise<unknown>): Promise<void> => {
    let reply: Reply;
    try {
      reply = { id, value: await act() };
    } catch (error) {
      reply = { id, error: carried(error) };
    }
    port.postMessage(reply);
  };
  await answer(OPEN, async () => {
    const store = await open();
    port.on('message', ({ id, name, argument }: Call) => {
      void answer(id, () => (store[name] as (argument: unknown) => Promise<unknown>).call(store, argument)).then(() => {
        if (name === 'close') port.close();
      });
    });
  });
}

/**
 * Starts the thread.
 * @param program what it runs: the bundle of `observations-worker.ts`
 * @param onFailure told when the thread ends before it was asked to
 * Throws what opening the store throws.
 */
export async function observationThread(
  program: URL | string,
  options: ObservationStoreOptions,
  onFailure: (error: unknown) => void,
): Promise<ObservationStore> {
  const worker = new Worker(program, { workerData: options });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  let calls = OPEN;
  let isClosing = false;

  const failed = (error: unknown): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    if (!isClosing) onFailure(error);
  };
  const reply = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  worker.on('message', (message: Reply) => {
    const caller = waiting.get(message.id);
    waiting.delete(message.id);
    if ('error' in message) caller?.reject(arrived(message.error));
    else caller?.resolve(message.value);
  });
  worker.on('error', failed);
  worker.on('exit', () => {
    if (!isClosing || waiting.size > 0) failed(new Error('the thread of the observation store has ended'));
  });

  /** @param handedOver parts of the argument that the thread has from then on, instead of a copy */
  const call =
    <N extends Name>(name: N, handedOver: (argument: Argument<N>) => readonly Uint8Array[] = () => []) =>
    async (argument?: Argument<N>): Promise<Awaited<ReturnType<ObservationStore[N]>>> => {
      if (name === 'close') isClosing = true;
      calls += 1;
      const answered = reply(calls);
      const parts = argument === undefined ? [] : handedOver(argument).map(({ buffer }) => buffer as ArrayBuffer);
      worker.postMessage({ id: calls, name, argument } satisfies Call, parts);
      return (await answered) as Awaited<ReturnType<ObservationStore[N]>>;
    };
  try {
    await reply(OPEN);
  } catch (error) {
    isClosing = true;
    await worker.terminate();
    throw error;
  }
  return {
    accept: call('accept', ({ body }) => [body]),
    ingest: call('ingest', ({ given }) => (given && 'piece' in given ? [given.piece] : [])),
    names: call('names'),
    plan: call('plan'),
    putSignal: call('putSignal'),
    prepare: call('prepare'),
    release: call('release'),
    keepClaims: call('keepClaims'),
    learnRounds: call('learnRounds'),
    priors: call('priors'),
    history: call('history'),
    clear: call('clear'),
    status: call('status'),
    check: call('check'),
    close: call('close'),
  };
}
