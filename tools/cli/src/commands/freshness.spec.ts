/**
 * Statements of the current documents, from the command line: made along with them, by an online key, and handed to
 * services.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshnessOf, takeFreshness, type VerifiedFreshness, verifyFleet, verifyFreshness } from '@secagg/protocol';
import { freshnessProofMessage, signedMessage } from '@secagg/schema';
import { listen } from '@secagg/testbed/ports';
import { json, secagg } from '../../test/support/secagg';

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-cli-'));
  await json('fleet', 'init', 'trial', '--cluster', 'eu', '--committee', '1', '--threshold', '1', ...dir());
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]) => join(folder, 'fleet', ...names);
const dir = () => ['--dir', at()];
const bytesOf = (path: string) => new Uint8Array(readFileSync(path));
const viewOf = (from = at()) => {
  const key = new Uint8Array(Buffer.from(readFileSync(at('authority.pub'), 'utf8').trim(), 'hex'));
  const [policy, roster] = ['policy', 'roster'].map((name) =>
    signedMessage.decode(bytesOf(join(from, `${name}.cbor`))),
  );
  return verifyFleet(key, { policy, roster });
};
/** As a party finds the folder's statement, which it is shown first. */
const statementIn = (from = at()): VerifiedFreshness => {
  const view = viewOf(from);
  const proof = freshnessProofMessage.decode(bytesOf(join(from, 'freshness.cbor')));
  expect(takeFreshness({ view }, proof, Date.now())).toHaveLength(1);
  return verifyFreshness(view.authorityKey, view.fleet, proof);
};
const versionsIn = ({ statement }: VerifiedFreshness) =>
  Object.fromEntries(statement.documents.map(({ name, version }) => [name, version]));
const refusal = async (...args: string[]) => {
  const { status, err } = await secagg(...args);
  expect(status).toBe(1);
  return err;
};

it('new fleets ask for statements, and every signed document comes with one by the authority', async () => {
  expect(viewOf).toThrow(/roster/);
  const made = await json('fleet', 'roster', ...dir());
  expect(made.statement).toMatchObject({ policy: 1, roster: 1, signed_by: 'authority' });
  const { policy } = viewOf();
  expect(policy.freshness).toEqual({ max_age_ms: 168 * 3_600_000, grace_ms: 24 * 3_600_000 });
  const freshness = statementIn();
  expect(freshnessOf({ view: viewOf(), freshness }, Date.now() + 167 * 3_600_000).state).toBe('fresh');

  await json('fleet', 'issue', 'router-0', '--roles', 'router', ...dir());
  await json('fleet', 'roster', '--revoke', 'router-0', ...dir());
  await json('fleet', 'policy', '--freshness-hours', '48', '--freshness-grace-hours', '0', ...dir());
  expect(versionsIn(statementIn())).toEqual({ policy: 2, roster: 2 });
  expect(viewOf().policy.freshness).toEqual({ max_age_ms: 48 * 3_600_000, grace_ms: 0 });
  const { statement } = statementIn();
  expect(statement.not_after_ms - statement.issued_at_ms).toBe(48 * 3_600_000);
  expect(await json('fleet', 'freshness', 'sign', '--hours', '2', ...dir())).toMatchObject({ policy: 2, roster: 2 });
  const short = statementIn().statement;
  expect(short.not_after_ms - short.issued_at_ms).toBe(2 * 3_600_000);

  await json('fleet', 'policy', '--freshness-hours', '0', ...dir());
  expect(viewOf().policy.freshness).toBeUndefined();
  await json('fleet', 'policy', '--clock-tolerance-s', '5', ...dir());
  expect(viewOf().policy.freshness).toBeUndefined();
  expect(await secagg('fleet', 'policy', '--freshness-grace-hours', '3', ...dir())).toMatchObject({ status: 2 });
});

describe('an online key', () => {
  /** The folder of the machine that renews, without the authority's key. */
  const online = () => join(folder, 'online');
  const carry = (names: unknown) => {
    mkdirSync(online(), { recursive: true });
    for (const name of names as string[]) copyFileSync(at(name), join(online(), name));
  };

  it('renews within what the authority lent it, and without the key of the authority', async () => {
    await json('fleet', 'roster', ...dir());
    const lent = await json('fleet', 'freshness', 'lend', '--days', '2', '--max-hours', '12', ...dir());
    expect(lent).toMatchObject({ serial: 1, max_hours: 12 });
    expect(statSync(at('freshness.key')).mode & 0o777).toBe(0o600);
    carry(lent.carry);
    expect(existsSync(join(online(), 'authority.key'))).toBe(false);
    const renewed = await json('fleet', 'freshness', 'renew', '--dir', online());
    expect(renewed).toMatchObject({ policy: 1, roster: 1, signed_by: 'online key 1' });
    const { statement, key } = statementIn(online());
    expect(key?.serial).toBe(1);
    expect(statement.not_after_ms - statement.issued_at_ms).toBe(12 * 3_600_000);
    expect(await json('fleet', 'freshness', 'show', '--dir', online())).toMatchObject({
      statement: { signed_by: 'online key 1' },
      key: { serial: 1 },
    });
    // The next certificate has another serial.
    expect(await json('fleet', 'issue', 'router-0', '--roles', 'router', ...dir())).toMatchObject({ serial: 2 });
  });

  it('signs nothing about documents that are older than those it has spoken of, nor with another key', async () => {
    await json('fleet', 'roster', ...dir());
    const { carry: names } = await json('fleet', 'freshness', 'lend', ...dir());
    carry(names);
    copyFileSync(at('roster.cbor'), join(folder, 'old-roster.cbor'));
    await json('fleet', 'roster', ...dir());
    carry(['roster.cbor']);
    await json('fleet', 'freshness', 'renew', '--dir', online());
    copyFileSync(join(folder, 'old-roster.cbor'), join(online(), 'roster.cbor'));
    expect(await refusal('fleet', 'freshness', 'renew', '--dir', online())).toContain('copy the newest documents');

    await json('identity', 'create', join(folder, 'another.key'));
    const another = ['--key', join(folder, 'another.key')];
    expect(await refusal('fleet', 'freshness', 'renew', ...another, ...dir())).toContain('is not the one');
    rmSync(at('freshness-key.cbor'));
    expect(await refusal('fleet', 'freshness', 'renew', ...dir())).toContain('lend');
  });
});

describe('services', () => {
  const taken: string[] = [];
  let server: Server;
  let url: string;
  beforeEach(async () => {
    taken.length = 0;
    server = createServer((request, response) => {
      taken.push(`${request.method} ${request.url}`);
      request.resume().on('end', () => response.writeHead(204).end());
    });
    url = await listen(server);
  });
  afterEach(() => new Promise((closed) => server.close(closed)));

  it('get documents before the statement; one that is away keeps nothing from the others', async () => {
    await json('fleet', 'roster', ...dir());
    expect(await json('fleet', 'publish', url, ...dir())).toMatchObject({ published: { [url]: 'taken' }, policy: 1 });
    expect(taken).toEqual(['PUT /v1/fleet', 'PUT /v1/freshness']);
    const away = 'http://127.0.0.1:1';
    const { status, out, err } = await secagg('fleet', 'publish', away, url, ...dir());
    expect(status).toBe(1);
    expect(err).toContain(`${away}: unavailable`);
    expect((JSON.parse(out) as { published: Record<string, string> }).published[url]).toBe('taken');
  });

  it('get the renewed statement', async () => {
    await json('fleet', 'roster', ...dir());
    await json('fleet', 'freshness', 'lend', ...dir());
    expect(await json('fleet', 'freshness', 'renew', url, ...dir())).toMatchObject({ published: { [url]: 'taken' } });
    expect(taken).toEqual(['PUT /v1/freshness']);
  });
});
