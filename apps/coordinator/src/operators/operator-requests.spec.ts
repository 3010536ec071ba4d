import { randomBytes } from 'node:crypto';
import { generateIdentityKey } from '@secagg/crypto';
import {
  clusterTerms,
  createAuthority,
  emptyCoordinator,
  issueCertificate,
  policyTerms,
  signDocument,
  signPolicy,
  signRoster,
  verifyFleet,
} from '@secagg/protocol';
import {
  type ClusterHash,
  type OperatorRequest,
  operatorRequestMessage,
  type PartyId,
  type Role,
  SecaggError,
  type Signed,
} from '@secagg/schema';
import { OperatorRequests } from './operator-requests';

const now = Date.UTC(2026, 0, 1);
const random = (length: number) => new Uint8Array(randomBytes(length));
const authority = createAuthority('trial', random);
const cluster = 'ab'.repeat(16) as ClusterHash;
const keys = {
  operator: generateIdentityKey(random),
  other: generateIdentityKey(random),
  router: generateIdentityKey(random),
};
const certify = (id: keyof typeof keys, serial: number, roles: Role[]) =>
  issueCertificate(authority, {
    id,
    roles,
    serial,
    publicKey: keys[id].publicKey,
    organisation: 'x',
    notBeforeMs: now - 1e6,
    notAfterMs: now + 1e9,
  });
const view = verifyFleet(authority.publicKey, {
  policy: signPolicy(
    authority,
    policyTerms({
      issued_at_ms: now,
      clock_tolerance_ms: 60_000,
      committee: { candidates: ['router' as PartyId], size: 1, threshold: 1 },
      clusters: [clusterTerms(cluster, { min_participants_per_group: 1, max_round_rho_units: 1, budget_rho_units: 1 })],
    }),
  ),
  roster: signRoster(authority, {
    version: 1,
    issuedAtMs: now,
    notAfterMs: now + 1e9,
    certificates: [
      certify('operator', 1, ['operator']),
      certify('other', 2, ['operator']),
      certify('router', 3, ['router']),
    ],
  }),
});
const state = emptyCoordinator(view);

const requestBy = (id: keyof typeof keys, changes: object = {}, signer: keyof typeof keys = id): Signed =>
  signDocument(
    operatorRequestMessage,
    'trial',
    {
      v: 1,
      fleet: 'trial',
      operator: id,
      nonce: random(16),
      issued_at_ms: now,
      action: 'start-epoch',
      ...changes,
    } as OperatorRequest,
    keys[signer].secretKey,
  );
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof SecaggError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('operator requests', () => {
  it.each<[string, Signed, string]>([
    ['a request within the tolerance, early', requestBy('operator', { issued_at_ms: now + 60_000 }), 'accepted'],
    ['a request within the tolerance, late', requestBy('operator', { issued_at_ms: now - 60_000 }), 'accepted'],
    ['one that is too old', requestBy('operator', { issued_at_ms: now - 60_001 }), 'expired'],
    ['one from the future', requestBy('operator', { issued_at_ms: now + 60_001 }), 'expired'],
    ['one of a party without the role', requestBy('router'), 'wrong_role'],
    ['one signed by another operator', requestBy('operator', {}, 'other'), 'bad_signature'],
    ['one for another fleet', requestBy('operator', { fleet: 'elsewhere' }), 'bad_signature'],
    ['one to do something else', requestBy('operator', { action: 'start-round', cluster }), 'invalid'],
    ['one of a stranger', requestBy('operator', { operator: 'nobody' }), 'unknown_party'],
  ])('%s: %s', (_name, signed, code) => {
    expect(codeOf(() => new OperatorRequests([]).verify(state, signed, 'start-epoch', now))).toBe(code);
  });

  it('takes a request once, and another one of the same nonce by another operator', () => {
    const operators = new OperatorRequests([]);
    const nonce = random(16);
    const signed = requestBy('operator', { nonce });
    operators.verify(state, signed, 'start-epoch', now).use();
    expect(codeOf(() => operators.verify(state, signed, 'start-epoch', now + 1))).toBe('duplicate');
    expect(codeOf(() => operators.verify(state, requestBy('other', { nonce }), 'start-epoch', now))).toBe('accepted');
  });

  it('does not count a request that came to nothing', () => {
    const operators = new OperatorRequests([]);
    const signed = requestBy('operator');
    operators.verify(state, signed, 'start-epoch', now);
    expect(codeOf(() => operators.verify(state, signed, 'start-epoch', now))).toBe('accepted');
  });

  it('remembers what was used before a restart for as long as a request could be taken', () => {
    const signed = requestBy('operator');
    const used = new OperatorRequests([]).verify(state, signed, 'start-epoch', now).use();
    expect(used.expiresAtMs).toBeGreaterThanOrEqual(now + 60_000);
    expect(codeOf(() => new OperatorRequests([used]).verify(state, signed, 'start-epoch', now + 60_000))).toBe(
      'duplicate',
    );
  });
});
