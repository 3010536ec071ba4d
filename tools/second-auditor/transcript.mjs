// A transcript folder (docs/protocol.md, "Publishing and auditing"): reads every file and refuses any other.
import { readdirSync, readFileSync } from 'node:fs';
import { check, fail } from './errors.mjs';

const SINGLE = {
  'authority.pub': 'authority',
  'policy.cbor': 'policy',
  'roster.cbor': 'roster',
  'announcement.cbor': 'announcement',
  'epoch-certificate.cbor': 'epochCertificate',
  'decision.cbor': 'decision',
  'signal.json': 'signal',
};
const NUMBER = '(0|[1-9][0-9]*)';
const HEADER = /^(.+)\.header\.cbor$/;
const CIPHERTEXT = /^(.+)\.ciphertext$/;

export function readTranscript(folder) {
  const files = {};
  const folders = { contributions: [], reports: [], answers: [], pieces: [], sums: [] };
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && Object.hasOwn(folders, entry.name))
      folders[entry.name] = readFolder(`${folder}/${entry.name}`);
    else if (entry.isFile() && Object.hasOwn(SINGLE, entry.name))
      files[SINGLE[entry.name]] = readFileSync(`${folder}/${entry.name}`);
    else fail('malformed', `${entry.name} does not belong in a transcript`);
  }
  for (const [file, name] of Object.entries(SINGLE)) {
    check(name === 'signal' || files[name] !== undefined, 'malformed', `${file} is missing`);
  }
  return {
    ...files,
    authority: authorityKey(files.authority),
    contributions: contributionsOf(folders.contributions),
    reports: byMember(folders.reports, 'reports'),
    answers: byMember(folders.answers, 'answers'),
    pieces: named(folders.pieces, new RegExp(`^${NUMBER}-${NUMBER}$`), 'pieces'),
    sums: named(folders.sums, new RegExp(`^${NUMBER}$`), 'sums'),
  };
}

function readFolder(folder) {
  return readdirSync(folder, { withFileTypes: true }).map((entry) => {
    check(entry.isFile(), 'malformed', `${entry.name} does not belong in a transcript`);
    return { name: entry.name, bytes: readFileSync(`${folder}/${entry.name}`) };
  });
}

function authorityKey(file) {
  const text = file.toString('latin1');
  check(/^[0-9a-f]{64}\n$/.test(text), 'malformed', 'authority.pub is not 64 hexadecimal digits and a newline');
  return Buffer.from(text.trim(), 'hex');
}

function contributionsOf(entries) {
  const contributions = new Map();
  const place = (name, part) => contributions.set(name, { name, ...contributions.get(name), ...part });
  for (const { name, bytes } of entries) {
    if (HEADER.test(name)) place(HEADER.exec(name)[1], { header: bytes });
    else if (CIPHERTEXT.test(name)) place(CIPHERTEXT.exec(name)[1], { ciphertext: bytes });
    else fail('malformed', `contributions/${name} does not belong in a transcript`);
  }
  for (const { name, header } of contributions.values()) {
    check(header, 'malformed', `contribution of ${name} has no header`);
  }
  return [...contributions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function byMember(entries, folder) {
  const members = entries.map(({ name, bytes }) => {
    const match = new RegExp(`^${NUMBER}\\.cbor$`).exec(name);
    check(match, 'malformed', `${folder}/${name} does not belong in a transcript`);
    return { member: Number(match[1]), bytes };
  });
  return members.sort((a, b) => a.member - b.member);
}

function named(entries, pattern, folder) {
  for (const { name } of entries)
    check(pattern.test(name), 'malformed', `${folder}/${name} does not belong in a transcript`);
  return new Map(entries.map(({ name, bytes }) => [name, bytes]));
}
