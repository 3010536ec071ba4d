import { domainHash, domainMessage, type HashPart, merkleTree } from '@secagg/crypto';
import { hex, unsafeBytes } from './unsafe-bytes';

const describe = (part: HashPart) => (typeof part === 'string' ? { text: part } : typeof part === 'number' ? { number: part } : { hex: hex(part) });

export function hashingVectors() {
  const inputs: [string, HashPart[]][] = [
    ['empty', []],
    ['one-text', ['router-1']],
    ['borders', ['ab', 'c']],
    ['borders', ['a', 'bc']],
    ['empty-part', ['']],
    ['unicode', ['Zürich', '路由器', '🛰']],
    ['numbers', [0, 1, 255, 2 ** 32, Number.MAX_SAFE_INTEGER]],
    ['bytes', [unsafeBytes('hashing/bytes', 32), new Uint8Array(0), Uint8Array.of(0)]],
    ['mixed', ['fleet-1', 42, unsafeBytes('hashing/mixed', 32), 'router-7']],
    ['long', [unsafeBytes('hashing/long', 3000)]],
  ];
  return {
    about:
      'domainHash(label, parts) = SHA-256 of message; message = lp("secagg/1/" || label) || lp(part) || ..; lp(x) = length of x as 4 bytes ' +
      'big-endian, then x; text as UTF-8, numbers as 8 bytes big-endian',
    cases: inputs.map(([label, parts]) => ({
      label,
      parts: parts.map(describe),
      message: hex(domainMessage(label, ...parts)),
      digest: hex(domainHash(label, ...parts)),
    })),
  };
}

export function merkleVectors() {
  const leaves = Array.from({ length: 11 }, (_, i) => unsafeBytes(`merkle/${i}`, 7 * i));
  return {
    about: 'RFC 6962 section 2.1 over the first `size` leaves, with the audit path of every leaf',
    leaves: leaves.map(hex),
    trees: Array.from({ length: leaves.length + 1 }, (_, size) => {
      const tree = merkleTree(leaves.slice(0, size));
      return { size, root: hex(tree.root), paths: Array.from({ length: size }, (_unused, index) => tree.proof(index).map(hex)) };
    }),
  };
}
