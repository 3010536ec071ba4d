/** New fleet documents from a local fleet's authority. */
import { type Certificate, type FleetPolicy, type PartyId } from '@secagg/schema';
import { type FleetDocuments, issueCertificate, type LocalFleet, signPolicy, signRoster, updateFleet } from '../../src';
import { now } from './scenario';

export interface Changes {
  /** New validity and the like of some parties' certificates. */
  readonly certificates?: Readonly<Record<string, Partial<Pick<Certificate, 'not_before_ms' | 'not_after_ms'>>>>;
  readonly revoke?: readonly string[];
  readonly policy?: (policy: FleetPolicy) => Partial<FleetPolicy>;
}

/** The next version of roster and policy with these changes, signed by the authority. */
export function nextDocuments(fleet: LocalFleet, changes: Changes): FleetDocuments {
  const { authority, view } = fleet;
  const certificates = [...view.certificates.values()].map((held) => {
    const { serial, id, roles, public_key, organisation, not_before_ms, not_after_ms } = {
      ...held,
      ...changes.certificates?.[held.id],
    };
    return issueCertificate(authority, {
      id,
      roles,
      publicKey: public_key,
      organisation,
      serial,
      notBeforeMs: not_before_ms,
      notAfterMs: not_after_ms,
    });
  });
  const revokedSerials = (changes.revoke ?? []).map((id) => view.certificates.get(id as PartyId)?.serial as number);
  const roster = signRoster(authority, {
    version: view.roster.version + 1,
    issuedAtMs: now,
    notAfterMs: view.roster.not_after_ms,
    certificates,
    revokedSerials,
  });
  const { v: _v, fleet: _fleet, ...terms } = view.policy;
  const policy = changes.policy
    ? signPolicy(authority, { ...terms, version: terms.version + 1, ...changes.policy(view.policy) })
    : view.documents.policy;
  return { policy, roster };
}

/** Coordinator, members and routers all take them. */
export function distribute(fleet: LocalFleet, documents: FleetDocuments): void {
  fleet.coordinator.commit({ events: updateFleet(fleet.coordinator.state.view, documents), reply: undefined });
  for (const party of [...fleet.members, ...fleet.routers])
    party.commit({ events: updateFleet(party.state.view, documents), reply: undefined });
}
