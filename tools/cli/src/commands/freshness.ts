/**
 * Statements that policy and roster are the current ones: by the authority itself, or by an online key that it lends.
 */
import { randomFillSync } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { generateIdentityKey, identityPublicKey, wipe } from '@secagg/crypto';
import {
  type FleetDocuments,
  lendFreshnessKey,
  sameBytes,
  signFreshness,
  signFreshnessWithKey,
  type StatementTerms,
  storedFreshness,
  verifyFleet,
} from '@secagg/protocol';
import {
  freshnessKeyMessage,
  freshnessMessage,
  type FreshnessProof,
  freshnessProofMessage,
  policyMessage,
  type Signed,
} from '@secagg/schema';
import { Command } from 'commander';
import { readSecret } from '../files';
import { FleetFolder } from '../fleet-folder';
import { type Output, printJson, Refusal } from '../output';
import { positive, positiveCount, publicKey, serviceUrl } from '../parse';
import { tokenFile } from '../router-node';
import { expectTaken, publishTo } from './publish';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Where the policy does not say how old a statement may be. */
const USUAL_LIFETIME_MS = 7 * DAY_MS;
/** Renewals within the life of a statement: some may fail. */
const RENEWALS = 4;
const random = (length: number) => randomFillSync(new Uint8Array(length));
const folderOption = [
  '--dir <folder>',
  "the authority's folder, or a copy of it without authority.key",
  'fleet',
] as const;

interface FolderOptions {
  readonly dir: string;
}

export function freshnessCommand(output: Output): Command {
  const freshness = new Command('freshness').description('statements that policy and roster are the current ones');
  freshness
    .command('sign')
    .description('sign a statement with the key of the authority; init, policy and roster do so too')
    .option('--hours <n>', 'hours until it ends (default: as old as the policy lets one be)', positive)
    .option(...folderOption)
    .action(({ dir, hours }: FolderOptions & { hours?: number }) => {
      const folder = new FleetFolder(dir);
      printJson(output, signStatement(folder, folder.documents(), Date.now(), hours));
    });
  freshness
    .command('lend')
    .description('let an online key sign statements, for the time that the authority stays offline')
    .option('--public-key <hex>', 'a key that was made elsewhere; without it one is made, as freshness.key', publicKey)
    .option('--days <n>', 'days until the key ends', positiveCount, 90)
    .option('--max-hours <n>', 'longest life of its statements (default: as old as the policy lets one be)', positive)
    .option(...folderOption)
    .action((options: LendOptions) => printJson(output, lend(options)));
  freshness
    .command('renew')
    .description(
      'sign a statement with the online key, and give it to coordinators and router-nodes; again and again with --every',
    )
    .argument('[urls...]', 'coordinators and router-nodes')
    .option('--key <file>', 'the online key (default: freshness.key in the folder)')
    .option('--hours <n>', 'hours until a statement ends (default: as long as policy and key allow)', positive)
    .option(
      '--every [hours]',
      'run on, and renew it each time so many hours have passed (default: a quarter of its life)',
      positive,
    )
    .option(...folderOption)
    .addOption(tokenFile())
    .action((urls: string[], options: RenewOptions) => renew(urls.map(serviceUrl), options, output));
  freshness
    .command('show')
    .description('the newest statement of the folder, and the online key')
    .option(...folderOption)
    .action(({ dir }: FolderOptions) => {
      const folder = new FleetFolder(dir);
      const proof = folder.freshness();
      const key = folder.freshnessKey();
      printJson(output, {
        statement: proof ? described(proof) : null,
        key: key ? describedKey(key) : null,
      });
    });
  return freshness;
}

/** A statement of the authority itself, where both documents are there and the policy asks for one; writes it. */
export function restate(folder: FleetFolder, nowMs: number): object | undefined {
  const policy = folder.document('policy');
  if (!policy || !folder.document('roster') || !policyMessage.decode(policy.body).freshness) return undefined;
  return signStatement(folder, folder.documents(), nowMs);
}

function signStatement(folder: FleetFolder, documents: FleetDocuments, nowMs: number, hours?: number): object {
  const terms = {
    issuedAtMs: nowMs,
    notAfterMs: nowMs + (hours === undefined ? lifetimeOf(documents) : hours * HOUR_MS),
  };
  return write(folder, documents, signFreshness(folder.authority(), documents, terms));
}

const lifetimeOf = ({ policy }: FleetDocuments): number =>
  policyMessage.decode(policy.body).freshness?.max_age_ms ?? USUAL_LIFETIME_MS;

function write(folder: FleetFolder, documents: FleetDocuments, proof: FreshnessProof): object {
  // What parties would refuse is not written either.
  verifyFleet(folder.publicKey(), documents);
  const before = folder.freshness();
  const next = freshnessMessage.decode(proof.statement.body);
  for (const { name, version } of before ? freshnessMessage.decode(before.statement.body).documents : []) {
    const named = next.documents.find((entry) => entry.name === name);
    if (named && named.version < version)
      throw new Refusal(
        `the ${name} in ${folder.path} is older (version ${named.version}) than the one that the last statement names (version ${version}): copy the newest documents there`,
      );
  }
  return { file: folder.writeFreshness(proof), ...described(proof) };
}

function described(proof: FreshnessProof): object {
  const { statement, key } = storedFreshness(freshnessProofMessage.encode(proof));
  return {
    ...Object.fromEntries(statement.documents.map(({ name, version }) => [name, version])),
    issued_at: new Date(statement.issued_at_ms).toISOString(),
    ends_at: new Date(statement.not_after_ms).toISOString(),
    signed_by: key ? `online key ${key.serial}` : 'authority',
  };
}

function describedKey(signed: Signed): object {
  const { serial, not_after_ms, max_lifetime_ms, public_key } = freshnessKeyMessage.decode(signed.body);
  return {
    serial,
    public_key: Buffer.from(public_key).toString('hex'),
    ends_at: new Date(not_after_ms).toISOString(),
    max_hours: max_lifetime_ms / HOUR_MS,
  };
}

interface LendOptions extends FolderOptions {
  readonly publicKey?: Uint8Array;
  readonly days: number;
  readonly maxHours?: number;
}

function lend({ dir, publicKey: given, days, maxHours }: LendOptions): object {
  const folder = new FleetFolder(dir);
  const authority = folder.authority();
  const record = folder.record();
  const made = given ? undefined : generateIdentityKey(random);
  const nowMs = Date.now();
  const key = lendFreshnessKey(authority, {
    serial: record.next_serial,
    publicKey: given ?? (made as { publicKey: Uint8Array }).publicKey,
    notBeforeMs: nowMs,
    notAfterMs: nowMs + days * DAY_MS,
    maxLifetimeMs: maxHours === undefined ? lifetimeOf(folder.documents()) : Math.round(maxHours * HOUR_MS),
  });
  // First the serial, so that none is ever given twice.
  folder.writeRecord({ ...record, next_serial: record.next_serial + 1 });
  folder.writeFreshnessKey(key, made?.secretKey);
  wipe(made?.secretKey);
  return {
    ...describedKey(key),
    carry: ['policy.cbor', 'roster.cbor', 'authority.pub', 'freshness-key.cbor', ...(made ? ['freshness.key'] : [])],
  };
}

interface RenewOptions extends FolderOptions {
  readonly tokenFile?: string;
  readonly key?: string;
  readonly hours?: number;
  readonly every?: number | true;
}

async function renew(urls: readonly string[], options: RenewOptions, output: Output): Promise<void> {
  const folder = new FleetFolder(options.dir);
  const once = async (): Promise<number> => {
    const { lifetimeMs, statement } = renewed(folder, options);
    const published = await publishTo(urls, { freshness: folder.freshness() }, options.tokenFile);
    printJson(output, { ...statement, ...(urls.length > 0 ? { published } : {}) });
    if (options.every === undefined) expectTaken(published);
    return lifetimeMs;
  };
  if (options.every === undefined) return void (await once());
  const everyMs = options.every === true ? undefined : options.every * HOUR_MS;
  for (;;) {
    const lifetimeMs = await once().catch((error: unknown) => {
      output.err(error instanceof Error ? error.message : String(error));
      return HOUR_MS;
    });
    await pause(everyMs ?? lifetimeMs / RENEWALS);
  }
}

function renewed(folder: FleetFolder, { key: file, hours }: RenewOptions): { lifetimeMs: number; statement: object } {
  const documents = folder.documents();
  const key = folder.freshnessKey();
  if (!key) throw new Refusal(`${folder.path} has no freshness-key.cbor: secagg fleet freshness lend makes one`);
  const { fleet, not_after_ms, max_lifetime_ms, public_key } = freshnessKeyMessage.decode(key.body);
  const secretKey = readSecret(file ?? folder.at('freshness.key'));
  try {
    if (!sameBytes(identityPublicKey(secretKey), public_key))
      throw new Refusal('the key is not the one that freshness-key.cbor lends the right to');
    const issuedAtMs = Date.now();
    const lifetimeMs = Math.min(
      hours === undefined ? lifetimeOf(documents) : hours * HOUR_MS,
      max_lifetime_ms,
      not_after_ms - issuedAtMs,
    );
    if (lifetimeMs <= 0)
      throw new Refusal(
        `the online key has ended (${new Date(not_after_ms).toISOString()}): secagg fleet freshness lend`,
      );
    const terms: StatementTerms = { issuedAtMs, notAfterMs: Math.floor(issuedAtMs + lifetimeMs) };
    const proof = signFreshnessWithKey(folder.publicKey(), fleet, { key, secretKey }, documents, terms);
    return { lifetimeMs, statement: write(folder, documents, proof) };
  } finally {
    wipe(secretKey);
  }
}
