import { type PartyId } from '@secagg/schema';
import { randomBytes } from 'node:crypto';
import { LocalFleet } from '../src/facade/local-fleet';
import { certificateProblem, documentProblems, nameProblems } from '../src/fleet/fleet-problems';

const NOW = Date.UTC(2026, 0, 1);
const YEAR = 400 * 86_400_000;
const fleet = new LocalFleet({
  routers: 4,
  committee: { size: 3, threshold: 2 },
  random: (length) => new Uint8Array(randomBytes(length)),
  nowMs: NOW,
});
const { view } = fleet;
const [identity, other] = fleet.routers.map((router) => router.identity);
const members = (...ids: string[]) => ({ members: ids as PartyId[] });
const reasons = (found: readonly { reason: string }[]) => found.map(({ reason }) => reason);

it('finds nothing wrong with a fleet that is as it should be', () => {
  expect(certificateProblem(view, identity, 'router', NOW)).toBeUndefined();
  expect(documentProblems(view, { state: 'fresh' }, NOW)).toEqual([]);
  expect(nameProblems(view, members(), NOW)).toEqual([]);
});

it('names what is over', () => {
  expect(reasons(documentProblems(view, { state: 'fresh' }, NOW + YEAR))).toEqual(['documents_expired']);
  expect(reasons(documentProblems(view, { state: 'stale' }, NOW))).toEqual(['documents_stale']);
  expect(certificateProblem(view, identity, 'router', NOW + YEAR)?.reason).toBe('certificate_expired');
  expect(reasons(nameProblems(view, members(), NOW + YEAR))).toEqual(['too_few_candidates']);
});

it('names who is not as the policy has it, and not those that were revoked', () => {
  expect(certificateProblem(view, { ...identity, id: 'nobody' as PartyId }, 'router', NOW)?.reason).toBe(
    'not_on_roster',
  );
  expect(certificateProblem(view, identity, 'operator', NOW)?.reason).toBe('role_missing');
  expect(certificateProblem(view, { ...other, id: identity.id }, 'router', NOW)?.reason).toBe('key_mismatch');
  const [found] = nameProblems(view, members(identity.id, 'misspelt'), NOW);
  expect(found).toMatchObject({ reason: 'members_unknown', detail: expect.stringContaining('misspelt') });
  const revoked = { ...view, revoked: new Set([view.certificates.get(identity.id)?.serial as number]) };
  expect(reasons(nameProblems(revoked, members(identity.id), NOW))).toEqual(['too_few_candidates']);
});
