/** What evidence of a party's own signatures says. */
import { type Misbehaviour, verifyEvidence } from '@secagg/protocol';
import { type Verdict } from './verdict';

/** What each kind says about a party. */
const deeds: Record<Misbehaviour['kind'], string> = {
  'two-seats': 'took two seats in one epoch',
  'two-epochs': 'signed two lists of keys for one epoch',
  'two-reports': 'reported twice in one round',
  'two-votes': 'voted twice in one round',
  'two-answers': 'answered one decision in two ways',
  'wrong-answer': 'answered wrongly: as many others as open a vector contradict it',
  'two-contributions': 'signed two contributions to one round',
  'two-announcements': 'announced two configurations of one round',
  'two-proposals': 'proposed twice in one round',
  'two-receipts': 'gave receipts for two contributions of one router',
};

export const misbehaviourKinds = Object.keys(deeds);

export function describeMisbehaviour({
  kind,
  party,
  serial,
  cluster,
  round,
  epoch,
}: Omit<Misbehaviour, 'publicKey'>): string {
  const where = round === undefined ? `epoch ${epoch}` : `round ${round} of cluster ${cluster}`;
  return `${party} (certificate ${serial}) ${deeds[kind]}: ${kind}, ${where}`;
}

/** Throws what does not hold. */
export function misbehaviourVerdict(authorityKey: Uint8Array, bytes: Uint8Array): Verdict {
  const { publicKey, ...proven } = verifyEvidence(authorityKey, bytes);
  return {
    text: `PROVED against ${describeMisbehaviour(proven)}`,
    json: { ...proven, against: proven.party, public_key: Buffer.from(publicKey).toString('hex') },
  };
}
