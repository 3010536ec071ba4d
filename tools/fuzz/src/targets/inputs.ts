/** Inputs that get past signatures: changed and then signed with the key that the sender really has. */
import { domainHash } from '@secagg/crypto';
import { type Bytes, contributionMessage, headerMessage, type Message, signedMessage } from '@secagg/schema';
import { type UnsafeDraw } from '@secagg/testbed/random';
import { mutateMessage } from '../mutate/message';
import { envelope, messagesOf, type World } from '../world';

/** Decoders have their own targets; here messages are to come through. */
export const CRUDE = 0.05;

export type Make = (draw: UnsafeDraw) => Bytes;

/** Messages without a signature of their own. */
export const plain = (world: World, type: string, key?: string): Make => {
  const seeds = messagesOf(world, type, key);
  return (draw) => mutateMessage(draw.pick(seeds), draw, seeds, CRUDE);
};

/**
 * @param keyOf the key that the sender of a body has
 * @param key of the round it should be about
 */
export function signed(
  world: World,
  { type }: Pick<Message<unknown>, 'type'>,
  keyOf: (body: Bytes) => Bytes,
  key?: string,
): Make {
  const bodies = messagesOf(world, type, key);
  const { fleet } = world.fleet.view;
  return (draw) => {
    const body = draw.pick(bodies);
    const bytes = signedMessage.encode(
      envelope(type, fleet, draw.chance(0.9) ? mutateMessage(body, draw, bodies, CRUDE) : body, keyOf(body)),
    );
    return draw.chance(0.2) ? mutateMessage(bytes, draw, bodies, CRUDE) : bytes;
  };
}

/** A contribution with parts or header changed, digests and signature made to fit most of the time. */
export function contributions(world: World): Make {
  const seeds = messagesOf(world, 'contribution-body', world.rounds.collecting);
  const keys = new Map(world.fleet.routers.map(({ identity }) => [identity.id as string, identity.secretKey]));
  const { fleet } = world.fleet.view;
  return (draw) => {
    const seed = draw.pick(seeds);
    const changed = draw.chance(0.6) ? mutateMessage(seed, draw, seeds, CRUDE) : seed;
    if (draw.chance(0.3)) return changed;
    try {
      const contribution = contributionMessage.decode(changed);
      const header = headerMessage.decode(contribution.header.body);
      const fitting = headerMessage.encode({
        ...header,
        ciphertext_digest: domainHash('ciphertext-digest', contribution.ciphertext),
        commitments_digest: domainHash('commitments-digest', contribution.commitments),
        box_digests: contribution.boxes.map((box) => domainHash('box-digest', box.encapsulation, box.ciphertext)),
      });
      const body = changed === seed ? mutateMessage(fitting, draw, seeds, CRUDE) : fitting;
      return contributionMessage.encode({
        ...contribution,
        header: envelope(headerMessage.type, fleet, body, keys.get(header.router) ?? draw.bytes(32)),
      });
    } catch {
      return changed;
    }
  };
}
