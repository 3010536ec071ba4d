import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterTerms, verifyFleet } from '@secagg/protocol';
import { signedMessage } from '@secagg/schema';
import { FleetFolder } from './fleet';

const parent = mkdtempSync(join(tmpdir(), 'secagg-testbed-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

it('writes what a fleet is verified from, keys readable by their owner alone', () => {
  const fleet = new FleetFolder({ name: 'tests', folder: join(parent, 'fleet') });
  const router = fleet.enrol('router-0', ['router', 'committee']);
  fleet.writeStoreKey(router.id);
  const played = fleet.certify('router-1', ['router']);
  const sign = () =>
    fleet.signDocuments({
      clusters: [
        clusterTerms(fleet.cluster, {
          min_participants_per_group: 2,
          max_round_rho_units: 2 ** 40,
          budget_rho_units: 2 ** 45,
          unsafe_no_noise: true,
        }),
      ],
      committee: { candidates: [router.id], size: 1, threshold: 1 },
    });
  sign();
  fleet.writeDocuments();
  const read = (name: string) => signedMessage.decode(readFileSync(fleet.at(name)));
  const key = Buffer.from(readFileSync(fleet.at('authority.pub'), 'utf8').trim(), 'hex');
  const view = verifyFleet(key, { policy: read('policy.cbor'), roster: read('roster.cbor') });
  expect([...view.certificates.keys()].sort()).toEqual([router.id, played.id]);
  expect([fleet.keyFile(router.id), fleet.storeKeyFile(router.id)].map((file) => statSync(file).mode & 0o777)).toEqual([
    0o600, 0o600,
  ]);
  expect(existsSync(fleet.keyFile(played.id))).toBe(false);

  expect(fleet.view).toBe(fleet.view);
  const before = fleet.view.policy.version;
  sign();
  expect(fleet.view.policy.version).toBe(before + 1);
});
