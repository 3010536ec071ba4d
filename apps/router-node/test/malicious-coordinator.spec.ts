/**
 * A coordinator that does whatever it can to spend more of a router's budget than there is. What counts in the end: all
 * that it ever got from the router, priced from the announcements alone, is what the router's ledger has charged, and
 * never above the budget.
 */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { configHash, headerHash, signDocument, signPolicy } from '@secagg/protocol';
import {
  type ClusterHash,
  contributionMessage,
  createClusterHash,
  decisionMessage,
  type EpochCertificate,
  headerMessage,
  openRoundMessage,
  problems,
  type RoundConfig,
  roundConfigMessage,
  roundStatusMessage,
  transcriptMessage,
} from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(120_000);

const BUDGET_RHO = 0.2;
const ROUND_RHO = 0.05;
const other = createClusterHash('other', 'a-salt-for-tests-only');
const invented = createClusterHash('invented', 'a-salt-for-tests-only');

const fleet = new TestFleet({ routers: 2, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
const { v: _v, fleet: _fleet, ...terms } = fleet.view.policy;
// A second cluster of the same routers: one ledger has to do for both.
fleet.documents = {
  ...fleet.documents,
  policy: signPolicy(fleet.authority, {
    ...terms,
    version: 2,
    clusters: [...terms.clusters, { ...terms.clusters[0], cluster: other }],
  }),
};
const coordinator = new CoordinatorDouble(fleet);
let member: NodeProcess;
let node: NodeProcess;

const limits = {
  SECAGG_UNSAFE_NO_NOISE: 'false',
  SECAGG_BUDGET_RHO: String(BUDGET_RHO),
  SECAGG_MAX_ROUND_RHO: '0.06',
  SECAGG_BUDGET_WINDOW_DAYS: '0',
};
const startNode = async (overrides: Record<string, string> = {}): Promise<void> => {
  node = await NodeProcess.start(fleet.environment('router-1', coordinator.port, { ...limits, ...overrides }));
};

/**
 * What the coordinator has got from the router, by configuration: the price of each is paid once, however often the
 * bytes come.
 */
const received = new Map<string, { config: RoundConfig; headers: Set<string> }>();
const announced = new Map<string, RoundConfig>();
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function note(bytes: Uint8Array): void {
  const { header } = contributionMessage.decode(bytes);
  const hash = hexOf(headerMessage.decode(header.body).config_hash);
  const config = announced.get(hash);
  if (!config) throw new Error('a contribution to a round that was never announced');
  const entry = received.get(hash) ?? { config, headers: new Set<string>() };
  entry.headers.add(hexOf(headerHash(header)));
  received.set(hash, entry);
}

/** rho of one sum of `honest` contributions under the announced noise; tau is negligible at these widths. */
const rhoOf = ({ privacy }: RoundConfig, honest: number): number =>
  privacy.clip_norm ** 2 / (2 * honest * (privacy.noise_variance_numerator / privacy.noise_variance_denominator));

// What the coordinator does with the router's polls: the next of these announcements, whatever the router asks for.
const offers: Uint8Array[] = [];
let polls = 0;
let forged: { decision: Uint8Array; transcript: Uint8Array } | undefined;

const refuse = (response: ServerResponse, code: 'stale_round' | 'no_round'): true => {
  response.writeHead(problems[code].status, { 'content-type': 'application/problem+json' });
  response.end(
    JSON.stringify({ type: `urn:secagg:problem:${code}`, title: '', status: problems[code].status, detail: '', code }),
  );
  return true;
};

function lie(request: IncomingMessage, response: ServerResponse): boolean {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, , , , , number, part] = url.pathname.split('/');
  if (number === 'open' && url.searchParams.get('router') === 'router-1') {
    polls += 1;
    const offer = offers.shift();
    setTimeout(() => (offer ? response.writeHead(200).end(offer) : response.writeHead(204).end()), 20);
    return true;
  }
  if (part === 'contributions') {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      note(Buffer.concat(chunks));
      refuse(response, 'stale_round');
    });
    return true;
  }
  if (!forged || !/^\d+$/.test(number ?? '')) return false;
  if (part === 'transcript') return response.writeHead(200).end(forged.transcript) !== undefined;
  // Even rounds: an abort that was decided about another round. Odd ones: published, with the transcript of another
  // one.
  const round = Number(number) as RoundConfig['round'];
  const cluster = url.pathname.split('/')[3] as ClusterHash;
  const status =
    round % 2 === 0
      ? {
          cluster,
          round,
          phase: 'aborted' as const,
          contributions: 1,
          decision: decisionMessage.decode(forged.decision),
        }
      : { cluster, round, phase: 'published' as const, contributions: 1 };
  return response.writeHead(200).end(roundStatusMessage.encode(status)) !== undefined;
}

async function offer(...bodies: Uint8Array[]): Promise<void> {
  offers.push(...bodies);
  // All taken, and asked for one more: the last one has been dealt with.
  await eventually('the offers to be taken', () => offers.length === 0);
  const seen = polls;
  await eventually('the next poll', () => polls > seen);
}

function announce(
  change: Partial<RoundConfig>,
  epoch: EpochCertificate = template.epoch,
  epochFields: Partial<RoundConfig> = {},
): Uint8Array {
  const now = Date.now();
  const config: RoundConfig = {
    ...template.config,
    round_time_ms: now,
    send_from_ms: now,
    deadline_ms: now + 60_000,
    ...epochFields,
    ...change,
  };
  const announcement = signDocument(roundConfigMessage, config.fleet, config, fleet.coordinator.secretKey);
  announced.set(hexOf(configHash(announcement.body)), config);
  return openRoundMessage.encode({ announcement, epoch_certificate: epoch });
}

let template: { config: RoundConfig; epoch: EpochCertificate };
const noise = (change: Partial<RoundConfig['privacy']>): Partial<RoundConfig> => ({
  privacy: { ...template.config.privacy, ...change },
});
const numbered = (round: number): Partial<RoundConfig> => ({ round: round as RoundConfig['round'] });

/** Why rounds were not joined, since the node was started. */
const refusals = () => node.log.flatMap(({ msg, detail }) => (msg === 'round refused' ? [detail] : []));

/** The ledger as it is on disk: over a kill, and never past the budget. */
async function ledger(overrides: Record<string, string> = {}) {
  await node.stop('SIGKILL');
  await startNode(overrides);
  await eventually('the ledger', async () => (await node.client.status()).privacy !== null);
  const { privacy } = await node.client.status();
  if (!privacy) throw new Error('no ledger');
  expect(privacy.spent_rho).toBeLessThanOrEqual(BUDGET_RHO);
  return privacy;
}

beforeAll(async () => {
  await coordinator.listen();
  member = await NodeProcess.start(
    fleet.environment('router-0', coordinator.port, { SECAGG_BUDGET_RHO: '100', SECAGG_MAX_ROUND_RHO: '10' }),
  );
  await startNode();
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
});
afterAll(async () => {
  await Promise.all([member, node].map((each) => each.stop('SIGKILL')));
  await coordinator.close();
  fleet.remove();
});

it('gets no more out of a router than its budget, whatever it announces, claims and repeats', async () => {
  const plan = {
    privacy: { unit: 'request' as const, rho: ROUND_RHO, deltaInverse: 1_000_000 },
    minParticipantsPerGroup: 1,
    durationMs: 4000,
    maxParticipants: 2,
  };
  const settledAs = (state: string) =>
    eventually(state, async () => (await node.client.status()).participations[0]?.state === state);

  // One honest round, and one that is honestly aborted: its charge comes back.
  const published = coordinator.startRound(plan);
  await settledAs('included');
  const honest = coordinator.round(published).verified;
  template = { config: honest.config, epoch: honest.epoch.certificate };
  announced.set(hexOf(honest.configHash), honest.config);
  for (const { router, bytes } of coordinator.received) if (router === 'router-1') note(bytes);
  coordinator.intercept = (request, response) =>
    request.url?.endsWith('/contributions') ? response.writeHead(503).end() !== undefined : false;
  const aborted = coordinator.startRound({ ...plan, durationMs: 3000 });
  await eventually('the abort', () => coordinator.round(aborted).phase === 'aborted');
  coordinator.intercept = () => false;
  await settledAs('aborted');
  const afterHonest = await ledger();
  expect(afterHonest.spent_rho / rhoOf(honest.config, 2)).toBeCloseTo(1, 6);
  expect(afterHonest.open_rho).toBe(0);

  const decision = coordinator.round(aborted).decision?.decision;
  if (!decision) throw new Error('no decision');
  forged = {
    decision: decisionMessage.encode(decision),
    transcript: transcriptMessage.encode(coordinator.local.transcript(published)),
  };
  coordinator.intercept = lie;

  // Nothing of this is answered: old announcements as they were, rounds started over, less noise, none, noise for
  // smaller requests, clusters it is not in or that do not exist, another privacy unit, an epoch that nobody signed.
  const { privacy } = template.config;
  const old = openRoundMessage.encode({
    announcement: honest.announcement,
    epoch_certificate: honest.epoch.certificate,
  });
  await offer(old, announce(numbered(1)), announce(numbered(2)));
  await offer(
    announce({
      ...numbered(3),
      ...noise({ noise_variance_numerator: Math.ceil(privacy.noise_variance_numerator / 100) }),
    }),
  );
  await offer(announce({ ...numbered(4), ...noise({ noise_variance_numerator: 0, noise_variance_denominator: 1 }) }));
  await offer(announce({ ...numbered(5), ...noise({ clip_norm: Math.ceil(privacy.clip_norm / 10) }) }));
  await offer(announce({ ...numbered(6), cluster: other }), announce({ ...numbered(7), cluster: invented }));
  await offer(announce({ ...numbered(8), ...noise({ unit: 'router' }) }));
  await offer(announce({ ...numbered(9), epoch: 7 as RoundConfig['epoch'], epoch_hash: new Uint8Array(32).fill(1) }));
  expect(received.size).toBe(1);
  expect(refusals()).toEqual([
    ...[1, 1, 2].map((round) => `round ${round} is not above the highest answered`),
    expect.stringContaining('costs more privacy'),
    expect.stringContaining('no noise'),
    expect.stringContaining('can have the norm'),
    'the round is of another cluster',
    'the round is of another cluster',
    expect.stringContaining('privacy unit'),
    expect.stringContaining('another epoch'),
  ]);
  expect((await ledger()).spent_rho).toBe(afterHonest.spent_rho);

  // A forked epoch: one number under two epochs gives one contribution, and after the newer one the older one gives
  // none.
  coordinator.startEpoch();
  await eventually('a second epoch', () => coordinator.local.state.epoch?.body.epoch === 2);
  const second = coordinator.local.state.epoch;
  if (!second) throw new Error('no epoch');
  const newer = (change: Partial<RoundConfig>) =>
    announce(change, second.certificate, {
      epoch: second.body.epoch,
      epoch_hash: second.hash,
    });
  await offer(newer(numbered(10)), announce(numbered(10)), announce(numbered(11)));
  await eventually('the contribution under the newer epoch', () => received.size === 2);
  await ledger();
  await offer(announce(numbered(12)), announce(numbered(10)), newer(numbered(10)), old);
  expect(received.size).toBe(2);

  // On and on, as if there were budget left: each round fits by itself, two of them fit altogether. Killed in between,
  // also between the charge and what it pays for.
  await ledger({ SECAGG_UNSAFE_CRASH_AT: 'before-send:contribution#2' });
  offers.push(newer(numbered(20)));
  await eventually('the crash', () => node.exit !== undefined);
  await startNode();
  await eventually('what was charged for is sent', () => received.size === 3);
  await ledger();
  for (let round = 21; round < 30; round++) await offer(newer(numbered(round)));
  await eventually('the last that fits', () => received.size === 4);
  expect((await node.client.status()).last_refusal).toMatchObject({ round: 29, code: 'budget_exhausted' });

  // The operator moves the router to another cluster, where the coordinator begins again: the ledger is the same one.
  await ledger({ SECAGG_CLUSTER: other });
  await offer(newer({ ...numbered(1), cluster: other }), newer({ ...numbered(2), cluster: other }));
  expect((await node.client.status()).last_refusal).toMatchObject({ round: 2, code: 'budget_exhausted' });

  // Forged outcomes have given nothing back, and what was received is what was charged.
  const { spent_rho, open_rho } = await ledger();
  const paid = [...received.values()].map(({ config }) => rhoOf(config, config.round === 1 ? 2 : 1));
  expect(received.size).toBe(4);
  expect([...received.values()].map(({ headers }) => headers.size)).toEqual([1, 1, 1, 1]);
  expect(spent_rho / paid.reduce((sum, rho) => sum + rho, 0)).toBeCloseTo(1, 6);
  expect(open_rho / (3 * ROUND_RHO)).toBeCloseTo(1, 3);

  // The history says the same, each round charged once.
  const { entries, next_before } = await node.client.budgetHistory();
  expect(entries.map(({ round, kind }) => [round, kind]).reverse()).toEqual([
    [1, 'charged'],
    [1, 'corrected'],
    [2, 'charged'],
    [2, 'released'],
    [10, 'charged'],
    [20, 'charged'],
    [21, 'charged'],
  ]);
  expect(next_before).toBeNull();
  const page = await node.client.budgetHistory({ limit: 2, before: entries[2].id });
  expect(page.entries.map(({ round }) => round)).toEqual([2, 2]);
});
