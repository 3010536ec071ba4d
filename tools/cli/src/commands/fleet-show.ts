/** What the authority has signed, and from when until when it holds. */
import { storedFreshness } from '@secagg/protocol';
import {
  type Certificate,
  certificateMessage,
  freshnessKeyMessage,
  freshnessProofMessage,
  policyMessage,
  rosterMessage,
} from '@secagg/schema';
import { Command } from 'commander';
import { FleetFolder } from '../fleet-folder';
import { type Output, printJson } from '../output';

const DAY_MS = 86_400_000;
/** What ends sooner is warned of. */
const SOON_MS = 14 * DAY_MS;

export function fleetShowCommand(output: Output): Command {
  return new Command('show')
    .description('policy, roster, certificates and statement of the folder, with the dates they hold from and until')
    .option('--dir <folder>', "the authority's folder, or a copy of it without authority.key", 'fleet')
    .option('--json', 'as JSON')
    .action(({ dir, json }: { dir: string; json?: true }) => {
      const shown = overview(new FleetFolder(dir), Date.now());
      if (json) printJson(output, shown);
      else for (const line of linesOf(shown)) output.out(line);
    });
}

type State = 'valid' | 'ends_soon' | 'ended' | 'not_yet_valid' | 'revoked' | 'not_on_roster';

interface Dated {
  readonly not_before: string;
  readonly not_after: string;
  readonly state: State;
}

interface Overview {
  readonly fleet: string;
  readonly authority: string;
  readonly policy: (Dated & { readonly version: number }) | null;
  readonly clusters: readonly {
    readonly id: string | null;
    readonly cluster: string;
    readonly members: readonly string[] | 'every router of the roster';
    readonly unsafe_no_noise: boolean;
  }[];
  readonly roster: (Dated & { readonly version: number }) | null;
  readonly certificates: readonly (Dated & {
    readonly id: string;
    readonly serial: number;
    readonly roles: readonly string[];
    readonly organisation: string;
  })[];
  readonly freshness: (Dated & { readonly signed_by: string }) | null;
  readonly freshness_key: (Dated & { readonly serial: number }) | null;
}

interface Validity {
  readonly not_before_ms: number;
  readonly not_after_ms: number;
}

function dated({ not_before_ms: from, not_after_ms: until }: Validity, nowMs: number): Dated {
  return {
    not_before: new Date(from).toISOString(),
    not_after: new Date(until).toISOString(),
    state: nowMs < from ? 'not_yet_valid' : nowMs > until ? 'ended' : until - nowMs < SOON_MS ? 'ends_soon' : 'valid',
  };
}

/** A document holds from its issue on. */
const ofDocument = (document: { issued_at_ms: number; not_after_ms: number }, nowMs: number): Dated =>
  dated({ not_before_ms: document.issued_at_ms, not_after_ms: document.not_after_ms }, nowMs);

/** A statement is renewed all the time: that it ends within days says nothing. */
const renewed = (found: Dated): Dated => (found.state === 'ends_soon' ? { ...found, state: 'valid' } : found);

function overview(folder: FleetFolder, nowMs: number): Overview {
  const record = folder.record();
  const [policySigned, rosterSigned] = [folder.document('policy'), folder.document('roster')];
  const policy = policySigned && policyMessage.decode(policySigned.body);
  const roster = rosterSigned && rosterMessage.decode(rosterSigned.body);
  const proof = folder.freshness();
  const known = proof && storedFreshness(freshnessProofMessage.encode(proof));
  const keySigned = folder.freshnessKey();
  const key = keySigned && freshnessKeyMessage.decode(keySigned.body);
  const idOf = new Map(Object.entries(record.clusters).map(([id, { hash }]) => [hash, id]));
  const listed = new Set(roster?.certificates.map(({ body }) => certificateMessage.decode(body).serial));
  const revoked = new Set([...record.revoked_serials, ...(roster?.revoked_serials ?? [])]);
  const stateOf = ({ serial }: Certificate, found: Dated): State =>
    revoked.has(serial) ? 'revoked' : listed.has(serial) ? found.state : 'not_on_roster';
  return {
    fleet: record.fleet,
    authority: Buffer.from(folder.publicKey()).toString('hex'),
    policy: policy ? { version: policy.version, ...ofDocument(policy, nowMs) } : null,
    clusters: (policy?.clusters ?? []).map(({ cluster, members, unsafe_no_noise }) => ({
      id: idOf.get(cluster) ?? null,
      cluster,
      members: members.length === 0 ? 'every router of the roster' : members,
      unsafe_no_noise,
    })),
    roster: roster ? { version: roster.version, ...ofDocument(roster, nowMs) } : null,
    certificates: folder.certificates().map(({ certificate }) => {
      const found = dated(certificate, nowMs);
      const { id, serial, roles, organisation } = certificate;
      return { id, serial, roles, organisation, ...found, state: stateOf(certificate, found) };
    }),
    freshness: known
      ? {
          signed_by: known.key ? `online key ${known.key.serial}` : 'authority',
          ...renewed(ofDocument(known.statement, nowMs)),
        }
      : null,
    freshness_key: key
      ? {
          serial: key.serial,
          ...dated(key, nowMs),
          ...(revoked.has(key.serial) ? { state: 'revoked' as const } : {}),
        }
      : null,
  };
}

const WORDS: Readonly<Record<State, string>> = {
  valid: 'valid',
  ends_soon: 'ends soon',
  ended: 'ENDED',
  not_yet_valid: 'not valid yet',
  revoked: 'revoked',
  not_on_roster: 'not on the roster: secagg fleet roster',
};

const line = (what: string, about: string, { not_before, not_after, state }: Dated): string =>
  `${what.padEnd(12)} ${about.padEnd(32)} ${not_before} to ${not_after}  ${WORDS[state]}`;

function linesOf(shown: Overview): string[] {
  const { policy, roster, freshness, freshness_key: key } = shown;
  return [
    `fleet ${shown.fleet}, authority ${shown.authority}`,
    policy ? line('policy', `version ${policy.version}`, policy) : 'policy       none was signed',
    ...shown.clusters.map(
      ({ id, cluster, members, unsafe_no_noise: noiseless }) =>
        `cluster      ${id ?? cluster}: ${typeof members === 'string' ? members : members.join(', ')}${noiseless ? '; rounds without noise are allowed' : ''}`,
    ),
    roster ? line('roster', `version ${roster.version}`, roster) : 'roster       none was signed',
    ...shown.certificates.map((certificate) =>
      line('certificate', `${certificate.serial} ${certificate.id} (${certificate.roles.join(', ')})`, certificate),
    ),
    freshness ? line('statement', `by ${freshness.signed_by}`, freshness) : 'statement    none was signed',
    ...(key ? [line('online key', `serial ${key.serial}`, key)] : []),
  ];
}
