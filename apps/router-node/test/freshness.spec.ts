/**
 * A coordinator that sits on newer fleet documents: nodes notice, stop, and go on by themselves; and documents that
 * reach a node without it.
 */
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, type FleetDocuments, signFreshness } from '@secagg/protocol';
import { type FreshnessProof, freshnessProofMessage, SecaggError, signedMessage } from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { eventually } from '@secagg/testbed/wait';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(180_000);

const fleet = new TestFleet({ routers: 3, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
const coordinator = new CoordinatorDouble(fleet);
const first = fleet.documents;
let member: NodeProcess;
let node: NodeProcess;
const folder = join(fleet.folder, 'by-hand');

beforeAll(async () => {
  mkdirSync(folder);
  await coordinator.listen();
  member = await NodeProcess.start(fleet.environment('router-0', coordinator.port));
  node = await startNode();
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
});
afterAll(async () => {
  await Promise.all([node.stop(), member.stop(), coordinator.close()]);
  fleet.remove();
});

const startNode = () =>
  NodeProcess.start(fleet.environment('router-1', coordinator.port, { SECAGG_DOCUMENTS_DIR: folder }));
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'taken',
    (error: unknown) => (error instanceof SecaggError ? error.code : String(error)),
  );
const documentsOf = async (each: NodeProcess) => (await each.client.status()).documents;
const isIn = async (each: NodeProcess, ...states: string[]): Promise<boolean> =>
  states.includes((await documentsOf(each))?.freshness ?? '');
const readiness = async (each: NodeProcess): Promise<Record<string, unknown>> =>
  (await (await fetch(`http://127.0.0.1:${each.port}/readyz`)).json()) as Record<string, unknown>;
const metricOf = async (each: NodeProcess): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${each.port}/metrics`)).text();
  return Number(/^secure_agg_freshness_left_seconds (\S+)$/m.exec(text)?.[1]);
};
const linesOf = (each: NodeProcess, text: string) => each.log.filter(({ msg }) => msg.includes(text));
const contributors = () => new Set(coordinator.received.map(({ router }) => router));
/** Until a node takes it: on a slow machine one so short may be over before it is there. */
const insist = (each: NodeProcess, proof: () => FreshnessProof) =>
  eventually('a statement that is taken', async () => (await codeOf(each.client.putFreshness(proof()))) === 'taken');

it('takes part while a statement says that its documents are the current ones', async () => {
  await eventually('a fresh state', async () => (await isIn(node, 'fresh')) && (await isIn(member, 'fresh')));
  expect(await metricOf(node)).toBeGreaterThan(3600);
  coordinator.startRound({ durationMs: 60_000, maxParticipants: 3 });
  await eventually('a contribution', () => contributors().has('router-1'));
});

it('stops when the coordinator has no newer one to show, says so once everywhere, and gives a coordinator nothing', async () => {
  // The last one that the authority gave while these documents were current. What it has signed since, the coordinator
  // keeps to itself.
  let last: FreshnessProof | undefined;
  for (const each of [node, member]) await insist(each, () => (last = fleet.statement(first, 2000)));
  fleet.freshness = last as FreshnessProof;
  for (const each of [node, member]) await eventually('a stale state', () => isIn(each, 'stale'));
  const later = fleet.sign([4]);
  fleet.documents = first;
  fleet.freshness = last as FreshnessProof;

  expect(await readiness(node)).toMatchObject({
    status: 503,
    reasons: expect.arrayContaining([expect.objectContaining({ reason: 'documents_stale' })]),
    documents: { freshness: 'stale', policy: 1 },
  });
  expect(await metricOf(node)).toBeLessThanOrEqual(0);
  await eventually('the line', () => linesOf(node, 'not taking part: hand this node').length > 0);

  const before = coordinator.received.length;
  const key = coordinator.startRound({ durationMs: 8000, minParticipantsPerGroup: 1 });
  const { round } = coordinator.round(key).verified.config;
  await eventually('its refusal', async () => (await node.client.status()).last_refusal?.round === round);
  expect((await node.client.status()).last_refusal).toMatchObject({ code: 'stale_documents', check: 'fleet.fresh' });
  coordinator.startEpoch();
  await eventually('the refusal of a seat', () => linesOf(member, 'work not done yet').length > 0);
  await eventually('the end of the round', () => coordinator.round(key).phase !== 'collecting');
  expect(coordinator.received.length).toBe(before);
  expect(linesOf(node, 'not taking part: hand this node')).toHaveLength(1);
  fleet.documents = first;
  await documentsReachTheNodeDirectly(later);
});

/** The authority's newest, without the coordinator. */
async function documentsReachTheNodeDirectly(later: FleetDocuments): Promise<void> {
  // A statement alone tells it that it is behind.
  await node.client.putFreshness(fleet.statement(later));
  expect(await documentsOf(node)).toMatchObject({ freshness: 'outdated', policy: 1, roster: 1 });
  await node.client.putFleet(later);
  expect(await documentsOf(node)).toMatchObject({ freshness: 'fresh', policy: 2, roster: 2 });
  await eventually('the line', () => linesOf(node, 'count as current again').length === 1);
  // And what the coordinator still announces under the old ones is refused for that.
  const key = coordinator.startRound({ durationMs: 5000, minParticipantsPerGroup: 1 });
  const { round } = coordinator.round(key).verified.config;
  await eventually('its refusal', async () => (await node.client.status()).last_refusal?.round === round);
  expect((await node.client.status()).last_refusal).toMatchObject({ code: 'policy', check: 'fleet.newest' });
}

it('keeps the newest over a restart, and takes nothing older, forged or of another version in its place', async () => {
  const newest = fleet.statement(fleet.documents);
  const known = await documentsOf(node);
  await node.stop('SIGKILL');
  node = await startNode();
  expect(await documentsOf(node)).toMatchObject({ freshness: 'fresh', policy: 2, issued_at: known?.issued_at });
  const stranger = createAuthority('test-fleet', random);
  const terms = { issuedAtMs: Date.now(), notAfterMs: Date.now() + 1000 };
  expect(await codeOf(node.client.putFreshness(signFreshness(stranger, fleet.documents, terms)))).toBe('bad_signature');
  expect(await codeOf(node.client.putFreshness(fleet.freshness))).toBe('expired');
  expect(await codeOf(node.client.putFleet(first))).toBe('policy');
  // It names the first documents: older ones than the statement before.
  expect(await codeOf(node.client.putFreshness(newest))).toBe('policy');
  expect(await documentsOf(node)).toMatchObject({ freshness: 'fresh', policy: 2, issued_at: known?.issued_at });
});

it('takes what is put into its folder, and goes on by itself', async () => {
  const documents = fleet.sign();
  const put = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, `${name}.new`), bytes);
    renameSync(join(folder, `${name}.new`), join(folder, name));
  };
  writeFileSync(join(folder, 'freshness.cbor'), 'nonsense');
  await eventually('a warning', () => linesOf(node, 'documents in the folder are not taken').length > 0);
  put('policy.cbor', signedMessage.encode(documents.policy));
  put('roster.cbor', signedMessage.encode(documents.roster));
  put('freshness.cbor', freshnessProofMessage.encode(fleet.freshness));
  await eventually('the documents', async () => (await documentsOf(node))?.policy === 3);
  await eventually('the statement', () => isIn(node, 'fresh'));
});

it('goes on when the coordinator serves the newest again', async () => {
  coordinator.local.commit({ events: [{ type: 'fleet-updated', documents: fleet.documents }], reply: undefined });
  coordinator.local.commit({
    events: [{ type: 'freshness-taken', proof: freshnessProofMessage.encode(fleet.freshness) }],
    reply: undefined,
  });
  await eventually('a fresh member', () => isIn(member, 'fresh'), 90_000);
  coordinator.startEpoch();
  await eventually('an epoch under them', () => coordinator.local.state.epoch?.body.policy_version === 3);
  const before = coordinator.received.length;
  coordinator.startRound({ durationMs: 60_000, maxParticipants: 2, minParticipantsPerGroup: 1 });
  await eventually('contributions', () => coordinator.received.length > before);
});

it('starts with documents from its folder alone', async () => {
  for (const name of ['policy.cbor', 'roster.cbor', 'freshness.cbor'])
    copyFileSync(join(folder, name), join(fleet.folder, name));
  const alone = await NodeProcess.start(fleet.environment('router-2', 1, { SECAGG_DOCUMENTS_DIR: fleet.folder }));
  expect(await documentsOf(alone)).toMatchObject({ freshness: 'fresh', policy: 3 });
  await alone.stop();
});
