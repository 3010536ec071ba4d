/**
 * A transcript as a set of files, one for each published part, and back. Pure: whoever calls reads and writes the disk.
 *
 *     authority.pub                      the fleet authority's Ed25519 key, 64 hexadecimal digits and a newline
 *     policy.cbor  roster.cbor           signed by the authority
 *     epoch-certificate.cbor             signed by all members of the committee
 *     announcement.cbor                  signed by the coordinator
 *     contributions/<router>.header.cbor signed by the router; contributions/<router>.ciphertext: its packed words, of
 * those in the set
 *     reports/<member>.cbor              what each member could use, by member index
 *     decision.cbor                      q identical votes
 *     answers/<member>.cbor              signed hashes of piece sums
 *     pieces/<group>-<piece>             piece sums, packed words
 *     sums/<group>                       the opened sums, packed words
 *     signal.json                        what follows from all of it; absent for an aborted round
 *
 * Every bit of every file is covered by a signature, a digest or a recomputation.
 */
import {
  answerMessage,
  type Bytes,
  decisionMessage,
  epochCertificateMessage,
  headerMessage,
  reportMessage,
  SecaggError,
  type Signed,
  signedMessage,
  type SubsetMask,
  type Transcript,
} from '@secagg/schema';
import { hex, sameBytes } from '../wire/bytes';
import { type AuditedRound } from '../result/audited-round';
import { type PublishedResult, publishedResult, publishedResultBytes } from '../result/published-result';
import { inPart } from '../wire/transcript-part';
import { auditTranscript } from './audit-round';

/** Contents by path, with `/` between folder and name. */
export type TranscriptFiles = ReadonlyMap<string, Bytes>;

const authorityFile = 'authority.pub';
const signalFile = 'signal.json';
const single = {
  policy: 'policy.cbor',
  roster: 'roster.cbor',
  epoch_certificate: 'epoch-certificate.cbor',
  announcement: 'announcement.cbor',
  decision: 'decision.cbor',
} as const;

const routerOf = (header: Signed): string => headerMessage.decode(header.body).router;
const memberOf = {
  reports: (signed: Signed) => reportMessage.decode(signed.body).member,
  answers: (signed: Signed) => answerMessage.decode(signed.body).member,
};

/** The path of every part of a transcript. Throws what decoding a header, report or answer throws. */
function pathsOf(transcript: Transcript): Map<string, string> {
  const paths = new Map<string, string>([['authority_key', authorityFile], ...Object.entries(single)]);
  transcript.contributions.forEach(({ header }, i) => {
    paths.set(`contributions[${i}].header`, `contributions/${routerOf(header)}.header.cbor`);
    paths.set(`contributions[${i}].ciphertext`, `contributions/${routerOf(header)}.ciphertext`);
  });
  for (const kind of ['reports', 'answers'] as const) {
    transcript[kind].forEach((signed, i) => paths.set(`${kind}[${i}]`, `${kind}/${memberOf[kind](signed)}.cbor`));
  }
  transcript.pieces.forEach(({ group, piece }, i) => paths.set(`pieces[${i}]`, `pieces/${group}-${piece}`));
  transcript.sums.forEach(({ group }, i) => paths.set(`sums[${i}]`, `sums/${group}`));
  return paths;
}

/** Writes the parts of a transcript into files, with the result as it was published. */
export function splitTranscript(
  authorityKey: Bytes,
  transcript: Transcript,
  result?: PublishedResult,
): Map<string, Bytes> {
  const paths = pathsOf(transcript);
  const files = new Map<string, Bytes>();
  const put = (part: string, bytes: Bytes) => files.set(paths.get(part) as string, bytes);
  put('authority_key', new TextEncoder().encode(`${hex(authorityKey)}\n`));
  for (const part of ['policy', 'roster', 'announcement'] as const) put(part, signedMessage.encode(transcript[part]));
  put('epoch_certificate', epochCertificateMessage.encode(transcript.epoch_certificate));
  put('decision', decisionMessage.encode(transcript.decision));
  transcript.contributions.forEach(({ header, ciphertext }, i) => {
    put(`contributions[${i}].header`, signedMessage.encode(header));
    if (ciphertext !== undefined) put(`contributions[${i}].ciphertext`, ciphertext);
  });
  for (const kind of ['reports', 'answers'] as const)
    transcript[kind].forEach((signed, i) => put(`${kind}[${i}]`, signedMessage.encode(signed)));
  for (const kind of ['pieces', 'sums'] as const)
    transcript[kind].forEach(({ words }, i) => put(`${kind}[${i}]`, words));
  if (result) files.set(signalFile, publishedResultBytes(result));
  return files;
}

export interface JoinedTranscript {
  readonly authorityKey: Bytes;
  readonly transcript: Transcript;
  /** Path of each part that an audit may name. */
  readonly paths: ReadonlyMap<string, string>;
}

const router = '([a-z0-9][a-z0-9._-]{0,63})';
const number = '(0|[1-9][0-9]{0,9})';
const patterns = {
  headers: new RegExp(`^contributions/${router}\\.header\\.cbor$`),
  reports: new RegExp(`^reports/${number}\\.cbor$`),
  answers: new RegExp(`^answers/${number}\\.cbor$`),
  pieces: new RegExp(`^pieces/${number}-${number}$`),
  sums: new RegExp(`^sums/${number}$`),
};

/**
 * The transcript in the files. Throws `not_found`, `invalid` and what decoding throws, with `details.part` naming the
 * file.
 */
export function joinTranscript(files: TranscriptFiles): JoinedTranscript {
  const used = new Set<string>([signalFile]);
  const read = <T>(path: string, decode: (bytes: Bytes) => T): T => {
    const bytes = files.get(path);
    if (!bytes) throw new SecaggError('not_found', `${path} is missing`, { part: path });
    used.add(path);
    return inPart(path, () => decode(bytes));
  };
  /** All files of a kind with what their paths name, in the order that a transcript has them in. */
  const readAll = <T>(kind: keyof typeof patterns, decode: (bytes: Bytes, names: readonly string[]) => T): T[] => {
    const found = [...files.keys()].flatMap((path) => {
      const names = patterns[kind].exec(path)?.slice(1);
      return names ? [{ path, names }] : [];
    });
    found.sort((a, b) => (kind === 'headers' ? compareText(a.names[0], b.names[0]) : compareNumbers(a.names, b.names)));
    return found.map(({ path, names }) => read(path, (bytes) => decode(bytes, names)));
  };
  const transcript: Transcript = {
    v: 1,
    policy: read(single.policy, signedMessage.decode),
    roster: read(single.roster, signedMessage.decode),
    epoch_certificate: read(single.epoch_certificate, epochCertificateMessage.decode),
    announcement: read(single.announcement, signedMessage.decode),
    contributions: readAll('headers', (bytes, [name]) => {
      const header = signedOf(bytes, routerOf, name);
      const path = `contributions/${name}.ciphertext`;
      return files.has(path) ? { header, ciphertext: read(path, (ciphertext) => ciphertext) } : { header };
    }),
    reports: readAll('reports', (bytes, [name]) => signedOf(bytes, memberOf.reports, name)),
    decision: read(single.decision, decisionMessage.decode),
    answers: readAll('answers', (bytes, [name]) => signedOf(bytes, memberOf.answers, name)),
    pieces: readAll('pieces', (words, [group, piece]) => ({
      group: Number(group),
      piece: Number(piece) as SubsetMask,
      words,
    })),
    sums: readAll('sums', (words, [group]) => ({ group: Number(group), words })),
  };
  const authorityKey = read(authorityFile, decodeAuthorityKey);
  const surplus = [...files.keys()].find((path) => !used.has(path));
  if (surplus !== undefined)
    throw new SecaggError('invalid', `${surplus} is no part of a transcript`, { part: surplus });
  return { authorityKey, transcript, paths: pathsOf(transcript) };
}

function signedOf(bytes: Bytes, ownerOf: (signed: Signed) => string | number, name: string): Signed {
  const signed = signedMessage.decode(bytes);
  const owner = ownerOf(signed);
  if (String(owner) !== name) throw new SecaggError('invalid', `it is of ${owner}, not of ${name}`);
  return signed;
}

/** 64 lower-case hexadecimal digits and a newline. Throws `invalid`. */
export function decodeAuthorityKey(bytes: Bytes): Bytes {
  const text = new TextDecoder().decode(bytes);
  if (!/^[0-9a-f]{64}\n$/.test(text))
    throw new SecaggError('invalid', 'an authority key is 64 hexadecimal digits and a newline');
  return new Uint8Array(Buffer.from(text.trim(), 'hex'));
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function compareNumbers(a: readonly string[], b: readonly string[]): number {
  const first = a.findIndex((name, i) => name !== b[i]);
  return first < 0 ? 0 : Number(a[first]) - Number(b[first]);
}

export type AuditedFiles =
  | { readonly audited: Extract<AuditedRound, { kind: 'aborted' }> }
  | { readonly audited: Extract<AuditedRound, { kind: 'opened' }>; readonly result: PublishedResult };

/**
 * Audits the files in full, `signal.json` included. What it throws names the file in `details.file`.
 * @param authorityKey what the key in the files must be; without it, the key in the files is believed
 */
export function auditFiles(files: TranscriptFiles, authorityKey?: Bytes): AuditedFiles {
  let paths: ReadonlyMap<string, string> = new Map();
  try {
    const joined = joinTranscript(files);
    ({ paths } = joined);
    if (authorityKey && !sameBytes(authorityKey, joined.authorityKey)) {
      throw new SecaggError('bad_signature', 'the transcript is of another fleet authority', { part: 'authority_key' });
    }
    const audited = auditTranscript(joined.authorityKey, joined.transcript);
    const published = files.get(signalFile);
    if (audited.kind === 'aborted') {
      if (published) throw new SecaggError('invalid', 'an aborted round has no signal', { part: signalFile });
      return { audited };
    }
    const result = publishedResult(audited);
    if (!published) throw new SecaggError('not_found', `${signalFile} is missing`, { part: signalFile });
    if (!sameBytes(published, publishedResultBytes(result))) {
      throw new SecaggError('invalid', 'the published signal is not the one that follows from the opened sums', {
        part: signalFile,
      });
    }
    return { audited, result };
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    const part = typeof error.details.part === 'string' ? error.details.part : '';
    throw new SecaggError(error.code, error.message, {
      ...error.details,
      file: paths.get(part) ?? (part === '' || part.includes('[') ? undefined : part),
    });
  }
}
