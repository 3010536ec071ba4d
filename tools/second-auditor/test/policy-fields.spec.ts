/** Both implementations take and refuse the same policies. */
import { randomBytes } from 'node:crypto';
import { clusterTerms, createAuthority, policyTerms, signPolicy } from '@secagg/protocol';
import { createClusterHash, decodeCanonical, encodeCanonical, type PartyId, policyMessage } from '@secagg/schema';
import { parse } from '../messages.mjs';

const random = (length: number) => new Uint8Array(randomBytes(length));
const terms = policyTerms({
  version: 1,
  issued_at_ms: 0,
  clusters: [
    clusterTerms(createClusterHash('a', 'salt'), {
      min_participants_per_group: 2,
      max_round_rho_units: 1,
      budget_rho_units: 1,
    }),
  ],
  committee: { size: 1, threshold: 1, candidates: ['router-0' as PartyId] },
});
const { body } = signPolicy(createAuthority('fleet', random), terms);

const isTaken = (decode: () => unknown): boolean => {
  try {
    decode();
    return true;
  } catch {
    return false;
  }
};

it.each<[string, object, boolean]>([
  ['that does not say what its budget protects', {}, true],
  ['whose budget is held to the window', { budget_protects: 'window', privacy_units: ['router', 'request'] }, true],
  ['whose budget is held to single requests', { budget_protects: 'event' }, true],
  ['the same with unit router', { budget_protects: 'event', privacy_units: ['router'] }, false],
  ['the same with either unit', { budget_protects: 'event', privacy_units: ['request', 'router'] }, false],
  ['whose budget is held to something else', { budget_protects: 'user' }, false],
  ['with null for an absent field', { budget_protects: null }, false],
])('a policy %s', (_, change, taken) => {
  const policy = decodeCanonical(body) as { clusters: object[] };
  const bytes = encodeCanonical({ ...policy, clusters: [{ ...policy.clusters[0], ...change }] });
  expect(isTaken(() => policyMessage.decode(bytes))).toBe(taken);
  expect(isTaken(() => parse('policy', bytes, 'policy'))).toBe(taken);
});
