// Fleet documents, certificates and the epoch certificate (docs/protocol.md, "Fleet documents" and "Epochs").
import { committeeOf } from './committee.mjs';
import { checkSignature, domainHash, isUsableKemKey } from './crypto.mjs';
import { check } from './errors.mjs';
import { parse } from './messages.mjs';

export function openFleet(authorityKey, files) {
  const signedPolicy = parse('signed', files.policy, 'policy');
  const signedRoster = parse('signed', files.roster, 'roster');
  const policy = parse('policy', signedPolicy.body, 'policy');
  const roster = parse('roster', signedRoster.body, 'roster');
  checkSignature(authorityKey, 'policy', policy.fleet, signedPolicy.body, signedPolicy.signature, 'policy');
  checkSignature(authorityKey, 'roster', policy.fleet, signedRoster.body, signedRoster.signature, 'roster');
  check(roster.fleet === policy.fleet, 'policy', 'roster of another fleet');
  const { candidates, size, threshold } = policy.committee;
  check(size >= 2 * threshold - 1, 'policy', 'committee size and threshold of the policy');
  check(candidates.length >= size, 'policy', 'fewer candidates than members');
  return {
    policy,
    roster,
    parties: openCertificates(authorityKey, policy.fleet, roster),
    revoked: new Set(roster.revoked_serials),
  };
}

function openCertificates(authorityKey, fleet, roster) {
  const parties = new Map();
  roster.certificates.forEach((signed, i) => {
    const what = `certificate ${i}`;
    const certificate = parse('certificate', signed.body, what);
    checkSignature(authorityKey, 'certificate', fleet, signed.body, signed.signature, what);
    check(certificate.fleet === fleet, 'bad_certificate', `${what}: another fleet`);
    check(!parties.has(certificate.id), 'bad_certificate', `${what}: ${certificate.id} twice`);
    parties.set(certificate.id, certificate);
  });
  return parties;
}

export function partyInRole(documents, id, role, time) {
  const certificate = documents.parties.get(id);
  check(certificate !== undefined, 'unknown_party', id);
  check(!documents.revoked.has(certificate.serial), 'revoked', id);
  check(certificate.not_before_ms <= time && time <= certificate.not_after_ms, 'expired', id);
  check(certificate.roles.includes(role), 'wrong_role', `${id} as ${role}`);
  return certificate;
}

export function openEpoch(documents, bytes, roundTime) {
  const certificate = parse('epochCertificate', bytes, 'epoch certificate');
  const epoch = parse('epoch', certificate.body, 'epoch');
  const { policy } = documents;
  const terms = policy.committee;
  check(epoch.fleet === policy.fleet, 'policy', 'epoch of another fleet');
  check(
    epoch.members.length === terms.size && epoch.threshold === terms.threshold,
    'policy',
    'epoch: size or threshold',
  );
  check((policy.protocol_versions ?? [1]).includes(epoch.v), 'policy', 'epoch: protocol version');
  const suites = epoch.policy_version === policy.version ? policy.sealing_suites.slice(0, 1) : policy.sealing_suites;
  check(suites.includes(epoch.sealing_suite), 'policy', 'epoch: sealing suite');
  check(
    epoch.not_after_ms <= roundTime + terms.max_epoch_ms + policy.clock_tolerance_ms,
    'policy',
    'epoch lasts too long',
  );
  for (const field of ['kem_key', 'vote_key']) {
    const keys = new Set(epoch.members.map((member) => member[field].toString('hex')));
    check(keys.size === epoch.members.length, 'policy', `epoch: equal ${field}`);
  }
  const identities = epoch.members.map((member) => {
    check(isUsableKemKey(epoch.sealing_suite, member.kem_key), 'policy', `epoch: KEM key of ${member.id}`);
    check(terms.candidates.includes(member.id), 'policy', `epoch: ${member.id} is not a candidate`);
    return partyInRole(documents, member.id, 'committee', roundTime);
  });
  check(roundTime <= epoch.not_after_ms, 'wrong_epoch', 'epoch has ended');
  check(certificate.signatures.length === epoch.members.length, 'bad_signature', 'epoch: number of signatures');
  certificate.signatures.forEach((signature, i) => {
    checkSignature(
      identities[i].public_key,
      'epoch',
      policy.fleet,
      certificate.body,
      signature,
      `epoch by ${identities[i].id}`,
    );
  });
  return {
    ...epoch,
    hash: domainHash('epoch', certificate.body),
    committee: committeeOf(epoch.members.length, epoch.threshold),
  };
}
