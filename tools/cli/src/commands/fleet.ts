/** What the fleet authority does. Offline, all but `publish`, which needs no private key. */
import { randomBytes, randomFillSync } from 'node:crypto';
import { generateIdentityKey, tolerance } from '@secagg/crypto';
import {
  type Authority,
  createAuthority,
  issueCertificate,
  type PolicyTerms,
  signPolicy,
  signRoster,
} from '@secagg/protocol';
import {
  type ClusterHash,
  createClusterHash,
  policyMessage,
  type Role,
  rosterMessage,
  type Signed,
} from '@secagg/schema';
import { Command } from 'commander';
import { FleetFolder, type FleetRecord } from '../fleet-folder';
import { type Output, printJson, Refusal } from '../output';
import { list, oneOf, serviceUrl, positiveCount, publicKey } from '../parse';
import { checkColluders, colludersStatement } from './colluders';
import { fleetShowCommand } from './fleet-show';
import { freshnessCommand, restate } from './freshness';
import { addPolicyOptions, nextPolicy, type PolicyOptions, policyWarnings } from './policy-options';
import { expectTaken, publishTo } from './publish';
import { tokenFile } from '../router-node';

const DAY_MS = 86_400_000;
const BACKDATED_MS = 3_600_000;
const random = (length: number) => randomFillSync(new Uint8Array(length));
const folderOption = ['--dir <folder>', "the authority's folder", 'fleet'] as const;

export function fleetCommand(output: Output): Command {
  const fleet = new Command('fleet').description('fleet authority: certificates, roster, policy');
  addPolicyOptions(
    fleet
      .command('init')
      .description('make a fleet authority and sign its first policy')
      .argument('<name>', 'a-z 0-9 . _ -')
      .option(...folderOption),
    'first',
  ).action((name: string, options: PolicyOptions & { dir: string }) => {
    const folder = new FleetFolder(options.dir);
    const authority = createAuthority(name, random);
    // Nothing is written for a policy that is refused.
    const next = preparePolicy(authority, {}, undefined, options);
    folder.create(authority);
    savePolicy(folder, next, output);
  });
  addPolicyOptions(
    fleet
      .command('policy')
      .description('sign the next version of the policy: what no option names stays as it is')
      .option(...folderOption),
    'next',
  ).action((options: PolicyOptions & { dir: string }) => {
    const folder = new FleetFolder(options.dir);
    const signed = folder.document('policy');
    savePolicy(
      folder,
      preparePolicy(folder.authority(), folder.record().clusters, signed && policyMessage.decode(signed.body), options),
      output,
    );
  });
  fleet
    .command('issue')
    .description('certify a party')
    .argument('<id>', 'a-z 0-9 . _ -')
    .requiredOption('--roles <roles>', 'of router, committee, coordinator, operator', (text) =>
      list(text).map(oneOf<Role>('router', 'committee', 'coordinator', 'operator')),
    )
    .option(
      '--public-key <hex>',
      'key that the party made itself (secagg identity); without it a key is made here',
      publicKey,
    )
    .option('--organisation <name>', 'who runs the party (default: the fleet)')
    .option('--days <n>', 'days until it ends', positiveCount, 365)
    .option(...folderOption)
    .action((id: string, options: IssueOptions) => issue(id, options, output));
  fleet
    .command('roster')
    .description('sign the next version of the roster, with all certificates issued so far')
    .option('--revoke <ids>', 'parties whose certificates end now', list)
    .option('--days <n>', 'days until it ends', positiveCount, 365)
    .option(...folderOption)
    .action((options: { dir: string; days: number; revoke?: string[] }) => writeRoster(options, output));
  fleet
    .command('publish')
    .description('give policy, roster and the statement that they are current to coordinators and router-nodes')
    .argument('<urls...>', 'coordinators and router-nodes')
    .option(...folderOption)
    .addOption(tokenFile())
    .action((urls: string[], options: { dir: string; tokenFile?: string }) =>
      publish(urls.map(serviceUrl), options, output),
    );
  fleet.addCommand(fleetShowCommand(output));
  fleet.addCommand(freshnessCommand(output));
  return fleet;
}

interface NextPolicy {
  readonly policy: Signed;
  readonly terms: PolicyTerms;
  /** The cluster that the options are about, by its id. */
  readonly cluster?: { readonly id: string; readonly hash: ClusterHash; readonly salt: string };
}

function preparePolicy(
  authority: Authority,
  known: FleetRecord['clusters'],
  before: PolicyTerms | undefined,
  options: PolicyOptions,
): NextPolicy {
  const cluster =
    options.cluster === undefined
      ? undefined
      : { id: options.cluster, ...clusterOf(known, options.cluster, options.salt) };
  const terms = nextPolicy(before, cluster?.hash, options, Date.now());
  return { policy: signPolicy(authority, terms), terms, ...(cluster ? { cluster } : {}) };
}

function savePolicy(folder: FleetFolder, { policy, terms, cluster }: NextPolicy, output: Output): void {
  const record = folder.record();
  if (cluster)
    folder.writeRecord({
      ...record,
      clusters: { ...record.clusters, [cluster.id]: { hash: cluster.hash, salt: cluster.salt } },
    });
  const file = folder.writeDocument('policy', policy);
  const { size, threshold } = terms.committee;
  const warnings = policyWarnings(terms, cluster?.hash);
  const meant = terms.clusters.find((entry) => entry.cluster === cluster?.hash);
  const statement = restate(folder, Date.now());
  printJson(output, {
    file,
    version: terms.version,
    ...(cluster ? { cluster: cluster.hash } : {}),
    committee: tolerance(size, threshold).statement,
    ...(meant ? { colluders: colludersStatement(terms.committee, meant) } : {}),
    ...(statement ? { statement } : {}),
    ...(warnings.length > 0 ? { warnings } : {}),
  });
}

function clusterOf(clusters: FleetRecord['clusters'], id: string, salt?: string): { hash: ClusterHash; salt: string } {
  const known = Object.hasOwn(clusters, id) ? clusters[id] : undefined;
  const chosen = salt ?? known?.salt ?? randomBytes(16).toString('hex');
  if (known && known.salt !== chosen) throw new Refusal(`the cluster ${id} has another salt`);
  return { hash: createClusterHash(id, chosen), salt: chosen };
}

interface IssueOptions {
  dir: string;
  roles: Role[];
  publicKey?: Uint8Array;
  organisation?: string;
  days: number;
}

function issue(id: string, options: IssueOptions, output: Output): void {
  const folder = new FleetFolder(options.dir);
  const authority = folder.authority();
  const record = folder.record();
  if (
    folder
      .certificates()
      .some(({ certificate }) => certificate.id === id && !record.revoked_serials.includes(certificate.serial))
  ) {
    throw new Refusal(`${id} has a certificate already; revoke it first: secagg fleet roster --revoke ${id}`);
  }
  const made = options.publicKey ? undefined : generateIdentityKey(random);
  const now = Date.now();
  const certificate = issueCertificate(authority, {
    id,
    roles: options.roles,
    publicKey: options.publicKey ?? (made as { publicKey: Uint8Array }).publicKey,
    organisation: options.organisation ?? record.fleet,
    serial: record.next_serial,
    // Parties whose clocks are behind take it too, from the first minute.
    notBeforeMs: now - BACKDATED_MS,
    notAfterMs: now + options.days * DAY_MS,
  });
  // First the serial, so that none is ever given twice.
  folder.writeRecord({ ...record, next_serial: record.next_serial + 1 });
  printJson(output, {
    id,
    serial: record.next_serial,
    folder: folder.writeParty(id, certificate, authority.publicKey, made?.secretKey),
  });
}

function writeRoster(
  { dir, days, revoke = [] }: { dir: string; days: number; revoke?: string[] },
  output: Output,
): void {
  const folder = new FleetFolder(dir);
  const record = folder.record();
  const issued = folder.certificates();
  const revoked = revoke.map((id) => {
    const found = issued.find(({ certificate }) => certificate.id === id);
    if (!found) throw new Refusal(`${id} has no certificate`);
    return found.certificate.serial;
  });
  const serials = [...new Set([...record.revoked_serials, ...revoked])].sort((a, b) => a - b);
  const before = folder.document('roster');
  const now = Date.now();
  const version = before ? rosterMessage.decode(before.body).version + 1 : 1;
  const roster = signRoster(folder.authority(), {
    version,
    issuedAtMs: now,
    notAfterMs: now + days * DAY_MS,
    certificates: issued.map(({ signed }) => signed),
    revokedSerials: serials,
  });
  folder.writeRecord({ ...record, revoked_serials: serials });
  const file = folder.writeDocument('roster', roster);
  const statement = restate(folder, now);
  printJson(output, {
    file,
    version,
    certificates: issued.length,
    revoked: serials.length,
    ...(statement ? { statement } : {}),
  });
}

async function publish(
  urls: readonly string[],
  { dir, tokenFile: token }: { dir: string; tokenFile?: string },
  output: Output,
): Promise<void> {
  const folder = new FleetFolder(dir);
  const documents = folder.documents();
  checkColluders(policyMessage.decode(documents.policy.body));
  const freshness = folder.freshness();
  const published = await publishTo(urls, { documents, ...(freshness ? { freshness } : {}) }, token);
  printJson(output, {
    published,
    policy: policyMessage.decode(documents.policy.body).version,
    roster: rosterMessage.decode(documents.roster.body).version,
  });
  expectTaken(published);
}
