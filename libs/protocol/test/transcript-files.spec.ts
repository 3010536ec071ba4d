import { randomBytes } from 'node:crypto';
import { accumulate, defaultFields, SecaggError } from '@secagg/schema';
import { LocalFleet } from '../src/facade/local-fleet';
import { runCommittee } from '../src/facade/local-parties';
import { auditTranscript } from '../src/auditor/audit-round';
import { publishedResult } from '../src/result/published-result';
import { auditFiles, joinTranscript, splitTranscript } from '../src/auditor/transcript-files';

const now = Date.UTC(2026, 0, 1);
const random = (length: number) => new Uint8Array(randomBytes(length));

/** A round of three routers (the one with a two-digit number tests the order) with a 2-of-3 committee and noise. */
function finishedRound(contributions: number): { key: Uint8Array; files: Map<string, Uint8Array> } {
  const fleet = new LocalFleet({ routers: 11, committee: { size: 3, threshold: 2 }, random, nowMs: now });
  fleet.startEpoch(now);
  const { key, config } = fleet.announce(
    {
      keys: ['m:a', 'm:b'],
      fields: defaultFields(),
      maxRequestsPerRouter: 10,
      minParticipantsPerGroup: 2,
      maxParticipants: 8,
      groups: 1,
      privacy: { unit: 'request', rho: 1, deltaInverse: 1_000_000 },
      sendDelayMs: 0,
      durationMs: 1000,
    },
    now,
  );
  const observations = Array.from({ length: 10 }, () => ({ model: 'm', task: 'a', success: true, latency_s: 1 }));
  for (const router of [fleet.routers[2], fleet.routers[10], fleet.routers[3]].slice(0, contributions)) {
    router.send(
      fleet.coordinator,
      key,
      router.contribution(fleet.coordinator, key, accumulate(config.layout, observations).vector, now),
    );
  }
  runCommittee(fleet.coordinator, fleet.members, now + 1000);
  const transcript = fleet.coordinator.transcript(key);
  const authorityKey = fleet.authority.publicKey;
  const audited = auditTranscript(authorityKey, transcript);
  return {
    key: authorityKey,
    files: splitTranscript(authorityKey, transcript, audited.kind === 'opened' ? publishedResult(audited) : undefined),
  };
}

function failure(
  files: ReadonlyMap<string, Uint8Array>,
  key?: Uint8Array,
): { code: string; file: unknown } | undefined {
  try {
    auditFiles(files, key);
  } catch (error) {
    if (error instanceof SecaggError) return { code: error.code, file: error.details.file };
    throw error;
  }
  return undefined;
}

const { key, files } = finishedRound(3);

describe('transcript files', () => {
  it('have a file for every part', () => {
    expect([...files.keys()].sort()).toEqual([
      'announcement.cbor',
      'answers/0.cbor',
      'answers/1.cbor',
      'answers/2.cbor',
      'authority.pub',
      'contributions/router-10.ciphertext',
      'contributions/router-10.header.cbor',
      'contributions/router-2.ciphertext',
      'contributions/router-2.header.cbor',
      'contributions/router-3.ciphertext',
      'contributions/router-3.header.cbor',
      'decision.cbor',
      'epoch-certificate.cbor',
      'pieces/0-1',
      'pieces/0-2',
      'pieces/0-4',
      'policy.cbor',
      'reports/0.cbor',
      'reports/1.cbor',
      'reports/2.cbor',
      'roster.cbor',
      'signal.json',
      'sums/0',
    ]);
  });

  it('pass the audit in any order, and give the transcript back', () => {
    const { audited } = auditFiles(new Map([...files].reverse()), key);
    expect(audited.kind).toBe('opened');
    const { transcript, authorityKey } = joinTranscript(files);
    expect(splitTranscript(authorityKey, transcript)).toEqual(
      new Map([...files].filter(([path]) => path !== 'signal.json')),
    );
  });

  it('of an aborted round hold its decision and no signal', () => {
    const aborted = finishedRound(1);
    expect(aborted.files.has('signal.json')).toBe(false);
    expect(auditFiles(aborted.files, aborted.key).audited.kind).toBe('aborted');
    expect(failure(new Map([...aborted.files, ['sums/0', new Uint8Array(3)]]))).toMatchObject({ code: 'invalid' });
    expect(failure(new Map([...aborted.files, ['signal.json', new Uint8Array(3)]]))).toEqual({
      code: 'invalid',
      file: 'signal.json',
    });
  });

  it.each([...files.keys()])('%s: any flipped bit makes the audit fail and name it', (path) => {
    const bytes = files.get(path) as Uint8Array;
    const bits = bytes.length * 8;
    // Every bit of a small file would take minutes over all files; ends and a random middle find what is not covered.
    const chosen = new Set([
      0,
      7,
      bits - 8,
      bits - 1,
      ...Array.from({ length: 12 }, () => randomBytes(6).readUIntBE(0, 6) % bits),
    ]);
    for (const bit of chosen) {
      const flipped = bytes.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      expect({ bit, ...failure(new Map([...files, [path, flipped]])) }).toMatchObject({ bit, file: path });
    }
  });

  it.each([...files.keys()])('%s cannot be left out', (path) => {
    expect(failure(new Map([...files].filter(([name]) => name !== path)))).toBeDefined();
  });

  it.each([
    'notes.txt',
    'sums/1',
    'sums/00',
    'pieces/0-3',
    'contributions/router-4.ciphertext',
    'reports/5.cbor',
    'constructor',
  ])('%s is not taken in addition', (path) => {
    expect(failure(new Map([...files, [path, files.get('sums/0') as Uint8Array]]))).toBeDefined();
  });

  it('are refused when a document stands under another name', () => {
    const renamed = new Map(files);
    renamed.set('reports/0.cbor', files.get('reports/1.cbor') as Uint8Array);
    expect(failure(renamed)).toEqual({ code: 'invalid', file: 'reports/0.cbor' });
  });

  it('are refused for another authority than the one expected', () => {
    expect(failure(files, random(32))).toEqual({ code: 'bad_signature', file: 'authority.pub' });
  });
});
