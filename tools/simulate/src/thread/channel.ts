/**
 * Messages between two threads that both work without pause: neither returns to its event loop, so messages are
 * fetched, and waiting for one means sleeping on shared memory.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, type TransferListItem } from 'node:worker_threads';

/** One end of a channel, to be handed to a thread. */
export interface ChannelEnd {
  readonly port: MessagePort;
  /** Messages sent so far: by this end, and by the other. */
  readonly sent: Int32Array;
  readonly received: Int32Array;
}

export function createChannel(): [ChannelEnd, ChannelEnd] {
  const { port1, port2 } = new MessageChannel();
  const [a, b] = [new Int32Array(new SharedArrayBuffer(4)), new Int32Array(new SharedArrayBuffer(4))];
  return [
    { port: port1, sent: a, received: b },
    { port: port2, sent: b, received: a },
  ];
}

export class Channel<Sent, Received> {
  constructor(private readonly end: ChannelEnd) {}

  post(message: Sent, transfer: readonly TransferListItem[] = []): void {
    const { port, sent } = this.end;
    port.postMessage(message, transfer);
    Atomics.add(sent, 0, 1);
    Atomics.notify(sent, 0);
  }

  /** The next message, if there is one. */
  poll(): Received | undefined {
    return receiveMessageOnPort(this.end.port)?.message as Received | undefined;
  }

  /** The next message. */
  take(): Received {
    for (;;) {
      const seen = Atomics.load(this.end.received, 0);
      const message = this.poll();
      if (message !== undefined) return message;
      Atomics.wait(this.end.received, 0, seen);
    }
  }

  close(): void {
    this.end.port.close();
  }
}
