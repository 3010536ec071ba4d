import { randomBytes } from 'node:crypto';
import { createClusterHash, decodeCanonical, encodeCanonical, type PartyId } from '@secagg/schema';
import { restoreView, storedView } from './stored-view';
import { clusterTerms, createAuthority, policyTerms, signPolicy, signRoster } from './authority';
import { verifyFleet } from './fleet-view';
import { evolveFleet, namedView } from './update-fleet';

const authority = createAuthority('fleet', (length) => new Uint8Array(randomBytes(length)));
const nowMs = 1_800_000_000_000;
const documents = (version: number) => ({
  policy: signPolicy(
    authority,
    policyTerms({
      version,
      issued_at_ms: nowMs,
      clusters: [
        clusterTerms(createClusterHash('a', 'b'), {
          min_participants_per_group: 1,
          max_round_rho_units: 1,
          budget_rho_units: 1,
        }),
      ],
      committee: { size: 1, threshold: 1, candidates: ['router-0' as PartyId] },
    }),
  ),
  roster: signRoster(authority, { version: 1, issuedAtMs: nowMs, notAfterMs: nowMs + 1, certificates: [] }),
});

describe('stored fleet documents', () => {
  it('come back with those before them, for rounds in flight', () => {
    let view = verifyFleet(authority.publicKey, documents(1));
    for (const version of [2, 3]) view = evolveFleet(view, { type: 'fleet-updated', documents: documents(version) });
    const restored = restoreView(
      authority.publicKey,
      decodeCanonical(encodeCanonical(storedView(view))) as ReturnType<typeof storedView>,
    );
    expect(restored).toEqual(view);
    expect(
      [1, 2, 3, 4].map(
        (version) => namedView(restored, { policy_version: version, roster_version: 1 })?.policy.version,
      ),
    ).toEqual([1, 2, 3, undefined]);
  });

  it('are not believed under another authority', () => {
    const other = createAuthority('fleet', (length) => new Uint8Array(randomBytes(length)));
    expect(() => restoreView(other.publicKey, [documents(1)])).toThrow(
      expect.objectContaining({ code: 'bad_signature' }),
    );
  });
});
