import { randomBytes } from 'node:crypto';
import { certificateMessage, createClusterHash, type PartyId, rosterMessage, SecaggError } from '@secagg/schema';
import { generateIdentityKey } from '@secagg/crypto';
import {
  type Authority,
  clusterTerms,
  createAuthority,
  issueCertificate,
  policyTerms,
  signPolicy,
  signRoster,
} from './authority';
import { certificateOf, verifyFleet } from './fleet-view';

const random = (length: number) => new Uint8Array(randomBytes(length));
const now = 1_800_000_000_000;
const authority = createAuthority('trial', random);
const certify = (
  by: Authority,
  id: string,
  serial: number,
  roles: ('router' | 'committee' | 'coordinator' | 'operator')[] = ['router', 'committee'],
) =>
  issueCertificate(by, {
    id,
    roles,
    serial,
    publicKey: generateIdentityKey(random).publicKey,
    organisation: 'Example',
    notBeforeMs: now,
    notAfterMs: now + 1000,
  });
const cluster = clusterTerms(createClusterHash('eu', 'salt-salt-salt-salt'), {
  min_participants_per_group: 2,
  max_round_rho_units: 1,
  budget_rho_units: 1,
});
const policy = (candidates: string[], size: number, threshold: number, clusters = [cluster]) =>
  signPolicy(
    authority,
    policyTerms({ issued_at_ms: now, clusters, committee: { candidates: candidates as PartyId[], size, threshold } }),
  );
const roster = (certificates: ReturnType<typeof certify>[]) =>
  signRoster(authority, { version: 1, issuedAtMs: now, notAfterMs: now + 1e9, certificates });
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof SecaggError) return error.code;
    throw error;
  }
  return undefined;
};

describe('fleet authority', () => {
  it('signs documents that every party accepts from its public key alone, whatever order they were made in', () => {
    const documents = {
      policy: policy(['router-1', 'router-0', 'router-2'], 3, 2),
      roster: roster([
        certify(authority, 'router-2', 7),
        certify(authority, 'router-0', 3),
        certify(authority, 'router-1', 5),
      ]),
    };
    const view = verifyFleet(authority.publicKey, documents);
    expect([...view.certificates.keys()]).toEqual(['router-0', 'router-1', 'router-2']);
    expect(view.policy.committee.candidates).toEqual(['router-0', 'router-1', 'router-2']);
    expect(certificateOf(view, 'router-1', 'committee', now).serial).toBe(5);
    expect(codeOf(() => verifyFleet(createAuthority('trial', random).publicKey, documents))).toBe('bad_signature');
  });

  it('revokes by serial', () => {
    const signed = signRoster(authority, {
      version: 2,
      issuedAtMs: now,
      notAfterMs: now + 1,
      certificates: [certify(authority, 'router-0', 9)],
      revokedSerials: [9, 4, 9],
    });
    expect(rosterMessage.decode(signed.body).revoked_serials).toEqual([4, 9]);
    const view = verifyFleet(authority.publicKey, { policy: policy(['router-0'], 1, 1), roster: signed });
    expect(codeOf(() => certificateOf(view, 'router-0', 'router', now))).toBe('revoked');
  });

  it('sorts roles and drops repetitions', () => {
    expect(
      certificateMessage.decode(certify(authority, 'x', 1, ['router', 'coordinator', 'router']).body).roles,
    ).toEqual(['coordinator', 'router']);
  });

  it.each([
    [
      'a certificate of another authority',
      () => roster([certify(createAuthority('trial', random), 'a', 1)]),
      'bad_certificate',
    ],
    [
      'two certificates of one party',
      () => roster([certify(authority, 'a', 1), certify(authority, 'a', 2)]),
      'bad_certificate',
    ],
    ['a serial used twice', () => roster([certify(authority, 'a', 1), certify(authority, 'b', 1)]), 'bad_certificate'],
    [
      'a certificate that ends before it begins',
      () =>
        issueCertificate(authority, {
          id: 'a',
          roles: ['router'],
          serial: 1,
          publicKey: new Uint8Array(32),
          organisation: 'x',
          notBeforeMs: 5,
          notAfterMs: 5,
        }),
      'invalid',
    ],
    ['a party id the wire does not take', () => certify(authority, 'Router 1', 1), 'invalid'],
    ['fewer than 2t-1 members', () => policy(['a', 'b'], 2, 2), 'policy'],
    ['more pieces than the limit', () => policy([...'abcdefghijklm'], 13, 5), 'invalid'],
    ['fewer candidates than seats', () => policy(['a', 'b'], 3, 2), 'policy'],
    ['a cluster twice', () => policy(['a'], 1, 1, [cluster, cluster]), 'policy'],
  ])('refuses %s', (_name, run, code) => expect(codeOf(run)).toBe(code));
});
