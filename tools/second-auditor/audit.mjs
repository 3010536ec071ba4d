// Verifies the transcript of one round, written from docs/protocol.md alone:
//   node tools/second-auditor/audit.mjs DIR [AUTHORITY_PUBLIC_KEY]
// The authority's key is read from DIR/authority.pub; given as hexadecimal digits, it must be that one.
import { Command } from 'commander';
import { checkAnnouncement, openAnnouncement } from './announcement.mjs';
import { AuditFailure, check } from './errors.mjs';
import { openEpoch, openFleet } from './fleet.mjs';
import { actualUnits, epsilonOf, rhoOf } from './privacy.mjs';
import {
  checkDecided,
  checkSums,
  deriveSet,
  openAnswers,
  openCiphertexts,
  openDecision,
  openHeaders,
  openReports,
} from './round.mjs';
import { compareWithPublished, resultOf } from './signal.mjs';
import { readTranscript } from './transcript.mjs';

export function audit(folder, authority) {
  const transcript = readTranscript(folder);
  check(
    authority === undefined || authority === transcript.authority.toString('hex'),
    'bad_signature',
    'another authority',
  );
  const documents = openFleet(transcript.authority, transcript);
  const config = openAnnouncement(documents, transcript.announcement);
  const epoch = openEpoch(documents, transcript.epochCertificate, config.round_time_ms);
  const rules = checkAnnouncement(documents, epoch, config);
  const context = { documents, config, epoch, rules };
  const decision = openDecision(context, transcript.decision);
  if (decision.kind === 'abort') return auditAbort(transcript, decision);

  const headers = openHeaders(context, transcript.contributions);
  const { reports, hash: reportsHash } = openReports(context, headers, transcript.reports);
  const { groups, leftOut } = deriveSet(context, headers, reports);
  checkDecided(decision, groups, reportsHash);
  const ciphertexts = openCiphertexts(config, headers, groups);
  const counts = openAnswers(context, decision, groups, transcript.answers);
  const sums = checkSums(context, decision, groups, ciphertexts, counts, transcript.pieces, transcript.sums);

  check(
    config.combination === 'sum',
    'invalid',
    `the sums are right, but combination ${config.combination} is not known here`,
  );
  check(transcript.signal !== undefined, 'malformed', 'signal.json is missing');
  const result = resultOf(config, groups, leftOut, sums, costOf(config, groups));
  compareWithPublished(result, transcript.signal);
  const verdict = result.implausible ? ', implausible: nothing is published' : '';
  return `round ${config.round}, ${result.participants.length} routers in ${groups.length} group(s)${verdict}`;
}

function auditAbort(transcript, decision) {
  const empty = ['contributions', 'reports', 'answers'].every((name) => transcript[name].length === 0);
  check(
    empty && transcript.pieces.size === 0 && transcript.sums.size === 0,
    'malformed',
    'an aborted round with contributions or sums',
  );
  check(transcript.signal === undefined, 'malformed', 'an aborted round with a signal');
  return `round ${decision.round}, aborted: ${decision.reason}`;
}

function costOf(config, groups) {
  if (config.privacy.noise_variance_numerator === 0) return null;
  const rho = rhoOf(actualUnits(config, Math.min(...groups.map(({ members }) => members.length))));
  return { rho, epsilon: epsilonOf(rho, 1 / config.privacy.delta_inverse) };
}

function main() {
  const [folder, authority] = new Command('audit.mjs')
    .description('Verifies the transcript of one round.')
    .argument('<folder>', 'the transcript')
    .argument('[authority]', "the authority's public key, as hexadecimal digits; authority.pub must be that one")
    .allowExcessArguments(false)
    .showHelpAfterError('(--help for the arguments)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse().args;
  try {
    console.log(`OK: ${audit(folder, authority?.toLowerCase())}`);
    return 0;
  } catch (error) {
    console.log(error instanceof AuditFailure ? `REFUSED: ${error.message}` : `REFUSED: ${String(error)}`);
    return 1;
  }
}

if (process.argv[1]?.endsWith('audit.mjs')) process.exitCode = main();
