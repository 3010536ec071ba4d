// What happened in a round: headers, reports, the set, the decision, the answers and the sums (docs/protocol.md,
// "Collecting" to "Publishing and auditing").
import { encodeMap } from './cbor.mjs';
import { cipherOf } from './ciphers.mjs';
import { holds } from './committee.mjs';
import { checkSignature, domainHash, merkleRoot } from './crypto.mjs';
import { check, fail } from './errors.mjs';
import { checkIncreasing } from './fields.mjs';
import { partyInRole } from './fleet.mjs';
import { parse } from './messages.mjs';
import { unpack } from './packing.mjs';

export const dimensionOf = (config) => config.layout.keys.length * config.layout.fields.length;

function checkInRound(context, body, what) {
  const { config, epoch } = context;
  const same = body.fleet === config.fleet && body.cluster === config.cluster && body.round === config.round;
  check(
    same && body.epoch_hash.equals(epoch.hash) && body.config_hash.equals(config.hash),
    'wrong_config',
    `${what} is of another round`,
  );
}

function seatOf(context, member, what) {
  check(member < context.epoch.members.length, 'no_seat', `${what}: no member ${member}`);
  return context.epoch.members[member];
}

export function openDecision(context, bytes) {
  const { config, epoch } = context;
  const decision = parse('decision', bytes, 'decision');
  const vote = parse('vote', decision.body, 'vote');
  checkInRound(context, vote, 'decision');
  for (const { member, signature, reason } of decision.votes) {
    const what = `vote of member ${member}`;
    check(reason === undefined || vote.kind === 'abort', 'no_decision', `${what}: a reason without an abort`);
    const body = reason === undefined ? decision.body : encodeMap({ ...vote, reason });
    checkSignature(seatOf(context, member, what).vote_key, 'vote', config.fleet, body, signature, what);
  }
  check(
    decision.votes.some(({ reason }) => reason === undefined),
    'no_decision',
    'nobody has signed the body',
  );
  const voters = new Set(decision.votes.map((entry) => entry.member));
  check(voters.size === decision.votes.length, 'no_decision', 'a member votes twice');
  check(voters.size >= epoch.committee.quorum, 'no_decision', `${voters.size} votes of ${epoch.committee.quorum}`);
  return { ...vote, hash: domainHash('decision', decision.body) };
}

export function openHeaders(context, contributions) {
  check(
    contributions.length <= context.config.max_participants,
    'round_full',
    'more contributions than max_participants',
  );
  const headers = contributions.map((entry) => openHeader(context, entry));
  checkIncreasing(
    headers.map((header) => header.router),
    'contributions',
  );
  return headers;
}

function openHeader(context, { name, header: bytes, ciphertext }) {
  const { documents, config, epoch, rules } = context;
  const what = `header of ${name}`;
  const signed = parse('signed', bytes, what);
  const header = parse('header', signed.body, what);
  const certificate = partyInRole(documents, header.router, 'router', config.round_time_ms);
  checkSignature(certificate.public_key, 'contribution', config.fleet, signed.body, signed.signature, what);
  check(rules.members.length === 0 || rules.members.includes(header.router), 'policy', `${what}: not of the cluster`);
  const sameRound = header.fleet === config.fleet && header.cluster === config.cluster && header.round === config.round;
  check(sameRound, 'stale_round', `${what}: another round`);
  check(header.epoch_hash.equals(epoch.hash), 'wrong_epoch', what);
  check(header.config_hash.equals(config.hash), 'wrong_config', what);
  check(header.group === groupOf(config, epoch, header.router), 'wrong_group', what);
  check(header.box_digests.length === epoch.members.length, 'invalid', `${what}: number of boxes`);
  check(header.router === name, 'invalid', `${what} is of ${header.router}`);
  return { ...header, hash: domainHash('contribution-header', signed.body), ciphertext };
}

function groupOf(config, epoch, router) {
  return domainHash('group', epoch.hash, config.cluster, config.round, router).readUIntBE(0, 6) % config.groups;
}

export function openReports(context, headers, entries) {
  const root = merkleRoot(headers.map((header) => header.hash));
  const signedParts = [];
  const reports = entries.map(({ member: name, bytes }) => {
    const what = `report of member ${name}`;
    const signed = parse('signed', bytes, what);
    const report = parse('report', signed.body, what);
    checkSignature(
      seatOf(context, report.member, what).vote_key,
      'report',
      context.config.fleet,
      signed.body,
      signed.signature,
      what,
    );
    checkInRound(context, report, what);
    check(report.member === name, 'invalid', `${what} is of member ${report.member}`);
    check(
      report.headers_root.equals(root) && report.count === headers.length,
      'bad_proposal',
      `${what}: another list of headers`,
    );
    check(report.usable.length === Math.ceil(headers.length / 8), 'bad_proposal', `${what}: length of the bits`);
    const last = headers.length % 8;
    check(
      last === 0 || report.usable[report.usable.length - 1] >> last === 0,
      'bad_proposal',
      `${what}: bits after the last header`,
    );
    signedParts.push(signed.body, signed.signature);
    return report;
  });
  checkIncreasing(
    reports.map((report) => report.member),
    'reports',
  );
  check(reports.length > 0, 'bad_proposal', 'no reports');
  return { reports, hash: domainHash('reports', ...signedParts) };
}

export function deriveSet(context, headers, reports) {
  const { config, epoch } = context;
  const marks = (report, i) => (report.usable[i >> 3] >> (i & 7)) & 1;
  const usable = headers.filter(
    (_, i) => reports.filter((report) => marks(report, i)).length >= epoch.committee.usableThreshold,
  );
  const kept = new Set(usable);
  const leftOut = headers
    .filter((header) => !kept.has(header))
    .map((header) => ({ router: header.router, reason: 'unusable' }));
  const groups = [];
  for (let group = 0; group < config.groups; group++) {
    const members = usable.filter((header) => header.group === group);
    if (members.length >= config.min_participants_per_group) groups.push({ group, members });
    else leftOut.push(...members.map((header) => ({ router: header.router, reason: 'group_too_small' })));
  }
  check(
    groups.length >= Math.floor(config.groups / 2) + 1,
    'insufficient_participants',
    `${groups.length} of ${config.groups} groups`,
  );
  return { groups, leftOut };
}

export function checkDecided(decision, groups, reportsHash) {
  check(decision.reports_hash.equals(reportsHash), 'no_decision', 'the decision is about other reports');
  check(decision.groups.length === groups.length, 'no_decision', 'the decision is about other groups');
  decision.groups.forEach((decided, i) => {
    const { group, members } = groups[i];
    const root = merkleRoot(members.map((header) => header.hash));
    const same = decided.group === group && decided.size === members.length && decided.set_root.equals(root);
    check(same, 'no_decision', `the decision is about another set in group ${group}`);
  });
}

// The words of every ciphertext that is there: of all contributions in the set, and in older transcripts of those left
// out.
export function openCiphertexts(config, headers, groups) {
  const cipher = cipherOf(config);
  const words = new Map();
  const decided = new Set(groups.flatMap(({ members }) => members));
  for (const header of headers) {
    const what = `ciphertext of ${header.router}`;
    if (header.ciphertext === undefined) {
      check(!decided.has(header), 'malformed', `${what} is missing`);
      continue;
    }
    words.set(header, cipher.open(header.ciphertext, what));
    check(domainHash('ciphertext-digest', header.ciphertext).equals(header.ciphertext_digest), 'wrong_digest', what);
  }
  return words;
}

// For each group and piece how many members signed which hash.
export function openAnswers(context, decision, groups, entries) {
  const counts = new Map();
  let previous = -1;
  for (const { member, bytes } of entries) {
    const what = `answer of member ${member}`;
    const signed = parse('signed', bytes, what);
    const answer = parse('answer', signed.body, what);
    checkSignature(
      seatOf(context, answer.member, what).vote_key,
      'answer',
      context.config.fleet,
      signed.body,
      signed.signature,
      what,
    );
    checkInRound(context, answer, what);
    check(answer.member === member && member > previous, 'invalid', `${what} is of member ${answer.member}`);
    previous = member;
    check(answer.decision_hash.equals(decision.hash), 'no_decision', `${what}: another decision`);
    const held = context.epoch.committee.pieces.filter((piece) => holds(member, piece));
    const expected = groups.flatMap(({ group }) => held.map((piece) => `${group}-${piece}`));
    const given = answer.hashes.map((entry) => `${entry.group}-${entry.piece}`);
    check(given.join() === expected.join(), 'wrong_answer', `${what}: not exactly the pieces the member holds`);
    answer.hashes.forEach((entry, i) => {
      const key = `${expected[i]} ${entry.hash.toString('hex')}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    });
  }
  return counts;
}

export function checkSums(context, decision, groups, ciphertextWords, counts, pieces, sums) {
  const { config, epoch } = context;
  const cipher = cipherOf(config);
  const names = groups.flatMap(({ group }) => epoch.committee.pieces.map((piece) => `${group}-${piece}`));
  checkNames(pieces, names, 'pieces');
  checkNames(
    sums,
    groups.map(({ group }) => `${group}`),
    'sums',
  );
  return groups.map(({ group, members }) => {
    const opened = epoch.committee.pieces.map((piece) => {
      const what = `piece ${group}-${piece}`;
      const words = pieces.get(`${group}-${piece}`);
      const hash = domainHash('piece-sum', config.hash, decision.hash, group, piece, words);
      const signers = counts.get(`${group}-${piece} ${hash.toString('hex')}`) ?? 0;
      check(
        signers >= epoch.threshold,
        'wrong_answer',
        `${what}: ${signers} of ${epoch.threshold} holders signed its hash`,
      );
      return unpack(words, cipher.key.dimension, cipher.key.bits, what);
    });
    const total = cipher.total(
      members.map((header) => ciphertextWords.get(header)),
      opened,
    );
    const published = unpack(sums.get(`${group}`), dimensionOf(config), config.layout.word_bits, `sum ${group}`);
    check(
      published.every((word, i) => word === total[i]),
      'wrong_answer',
      `sum ${group} is not ciphertexts minus pieces`,
    );
    return total;
  });
}

function checkNames(found, names, what) {
  for (const name of names) if (!found.has(name)) fail('malformed', `${what}: ${name} is missing`);
  check(found.size === names.length, 'malformed', `${what}: surplus`);
}
