import { encryptionVectors } from './encryption-vectors';
import { hashingVectors, merkleVectors } from './hashing-vectors';
import { latticeVectors } from './lattice-vectors';
import { messageHashVectors } from './message-vectors';
import { keystreamVectors, packingVectors } from './pad-vectors';
import { commitmentVectors, committeeVectors } from './replication-vectors';
import { sealingVectors } from './sealing-vectors';

/** All vector files: name to content, the same on every run and machine. */
export function generate(): Map<string, string> {
  return new Map(
    Object.entries({
      'hashing.json': hashingVectors(),
      'merkle.json': merkleVectors(),
      'packing.json': packingVectors(),
      'keystreams.json': keystreamVectors(),
      'committees.json': committeeVectors(),
      'commitments.json': commitmentVectors(),
      'encryption.json': encryptionVectors(),
      'lattice.json': latticeVectors(),
      'messages.json': messageHashVectors(),
      'sealing.json': sealingVectors(),
    }).map(([name, content]) => [name, `${format(content)}\n`]),
  );
}

const LINE = 140;

/** JSON with lists of numbers, and everything else that fits, on one line: a diff shows the case that changed. */
function format(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value);
  if (typeof value !== 'object' || value === null || indent.length + flat.length <= LINE) return flat;
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map((item) => inner + format(item, inner)).join(',\n')}\n${indent}]`;
  const entries = Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${format(item, inner)}`);
  return `{\n${entries.join(',\n')}\n${indent}}`;
}
