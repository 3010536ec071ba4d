import { decideTheSame, ofRoundKey } from '@secagg/protocol';
import { SecaggError } from '@secagg/schema';
import { type Router } from './router';

/**
 * Two quorums share an honest member, so a round has one decision. Throws `duplicate` when this node has verified
 * another one: then nothing can be believed of the round, and what it took stays taken.
 * @param body of the votes
 */
export function checkOneDecision({ store, log }: Router, key: string, body: Uint8Array): void {
  const held = store.decided.decisionBody(key);
  if (!held || decideTheSame(held, body)) return;
  log.error(ofRoundKey(key), 'quorums have signed two decisions on one round: t members or more are corrupt');
  throw new SecaggError('duplicate', 'another decision on the round was verified before', { key });
}
