/** Every decoder of libs/schema: what it accepts, the encoder writes again as the same bytes. */
import * as schema from '@secagg/schema';
import { type Bytes, type Message } from '@secagg/schema';
import { mutateMessage } from '../mutate/message';
import { messagesOf, type World } from '../world';
import { type Target, Violation } from './target';

const isMessage = (value: unknown): value is Message<unknown> =>
  typeof value === 'object' && value !== null && 'maxBytes' in value && 'decode' in value && 'type' in value;

/** All messages that libs/schema exports: a new one is fuzzed without being named here. */
export const allMessages = (): Message<unknown>[] => Object.values<unknown>(schema).filter(isMessage);

export const sameBytes = (a: Bytes, b: Bytes): boolean => Buffer.compare(a, b) === 0;

export function decoderTargets(world: World): Target[] {
  const everything = [...world.messages.values()].flat().filter((bytes) => bytes.length < 4096);
  return allMessages().map((message) => {
    const seeds = messagesOf(world, message.type);
    if (seeds.length === 0) throw new Error(`no valid ${message.type} to start from`);
    return {
      name: `decode ${message.type}`,
      weight: 2,
      make: (draw) => mutateMessage(draw.pick(seeds), draw, everything),
      run: (input) => {
        const value = message.decode(input);
        message.view(input);
        if (!sameBytes(message.encode(value), input))
          throw new Violation(`${message.type} is accepted in more than one encoding`);
      },
    };
  });
}
