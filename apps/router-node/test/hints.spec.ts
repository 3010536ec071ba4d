/**
 * Answers that nobody signs: a router takes them for hints, asks again, and ends up where an honest coordinator would
 * have it.
 */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { signDocument } from '@secagg/protocol';
import {
  type Bytes,
  memberViewsMessage,
  openRoundMessage,
  type RewardObservation,
  type RoundConfig,
  roundConfigMessage,
  roundStatusMessage,
  signedMessage,
} from '@secagg/schema';
import { eventually } from '@secagg/testbed/wait';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(60_000);

let fleet: TestFleet;
let coordinator: CoordinatorDouble;
let nodes: NodeProcess[] = [];
let node: NodeProcess;

const row: RewardObservation = { model: 'm1', task: 't1', success: true, latency_s: 1 };
const plan = { minParticipantsPerGroup: 1, maxParticipants: 2, durationMs: 10_000 };

/** Answers of a coordinator, or of whoever sits on the line to router-1: each is given once. */
type Forgery = (url: URL, response: ServerResponse) => boolean;
let forgeries: Forgery[] = [];

beforeEach(async () => {
  fleet = new TestFleet({ routers: 2, committee: { size: 1, threshold: 1 }, minParticipants: 1 });
  coordinator = new CoordinatorDouble(fleet);
  forgeries = [];
  coordinator.intercept = (request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const at = forgeries.findIndex((forge) => forge(url, response));
    if (at >= 0) forgeries.splice(at, 1);
    return at >= 0;
  };
  await coordinator.listen();
  const settings = { SECAGG_POLL_WAIT_MS: '500' };
  nodes = await Promise.all(
    ['router-0', 'router-1'].map((id) => NodeProcess.start(fleet.environment(id, coordinator.port, settings))),
  );
  node = nodes[1];
  coordinator.startEpoch();
  await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
});

afterEach(async () => {
  await Promise.all(nodes.map((each) => each.stop('SIGKILL')));
  await coordinator.close();
  fleet.remove();
});

const contributed = (key: string, router = 'router-1') =>
  eventually(`the contribution of ${router} to ${key}`, () => coordinator.round(key).accepted.has(router as never));
const settled = (round: number) =>
  eventually('settlement', async () =>
    (await node.client.status()).participations.some((entry) => entry.round === round && entry.state === 'included'),
  );
const isOpenPoll = (url: URL) => url.pathname.endsWith('/rounds/open') && url.searchParams.get('router') === 'router-1';
const problem = (response: ServerResponse, status: number, code: string) => {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: `urn:secagg:problem:${code}`, title: code, status, detail: code, code }));
};

async function firstRound(): Promise<string> {
  const key = coordinator.startRound(plan);
  await contributed(key);
  await eventually('publication', () => coordinator.round(key).phase === 'published');
  return key;
}

/** An announcement like that of the last round. */
function announcement(key: string, change: Partial<RoundConfig>, signature?: Bytes): Bytes {
  const { verified: round } = coordinator.round(key);
  const now = Date.now();
  const times = { round_time_ms: now, send_from_ms: now, deadline_ms: now + 60_000 };
  const config: RoundConfig = { ...round.config, ...times, ...change };
  const signed = signDocument(roundConfigMessage, config.fleet, config, fleet.coordinator.secretKey);
  return openRoundMessage.encode({
    announcement: { ...signed, ...(signature ? { signature } : {}) },
    epoch_certificate: round.epoch.certificate,
  });
}

async function offered(bytes: Bytes): Promise<void> {
  forgeries.push((url, response) => {
    if (!isOpenPoll(url)) return false;
    response.writeHead(200).end(bytes);
    return true;
  });
  const before = node.log.filter(({ msg }) => msg === 'round refused').length;
  await eventually(
    'the refusal',
    () => node.log.filter(({ msg }) => msg === 'round refused').length > before && forgeries.length === 0,
  );
}

it.each([
  ['the highest number there is', Number.MAX_SAFE_INTEGER],
  ['a number within reach', 1000],
])('an announcement with %s that nobody has signed silences no router', async (_name, round) => {
  const first = await firstRound();
  await offered(announcement(first, { round: round as never }, new Uint8Array(64)));
  await contributed(coordinator.startRound(plan));
  expect((await node.client.status()).last_refusal).toBeNull();
});

it('an announcement that the coordinator has signed and this router refuses hides no round for longer than a poll', async () => {
  const first = await firstRound();
  await offered(announcement(first, { round: Number.MAX_SAFE_INTEGER as never }));
  await offered(announcement(first, { round: 1000 as never, groups: 2 }));
  await contributed(coordinator.startRound(plan));
});

it('a round that is refused now is joined when the reason is gone', async () => {
  let isHidden = true;
  const documents = fleet.documents;
  const newer = fleet.sign();
  fleet.documents = documents;
  const serve = coordinator.intercept;
  coordinator.intercept = (request, response) => {
    if (!isHidden || !request.url?.endsWith('/v1/fleet')) return serve(request, response);
    response.writeHead(503).end();
    return true;
  };
  coordinator.local.commit({ events: [{ type: 'fleet-updated', documents: newer }], reply: undefined });
  const key = coordinator.startRound({ ...plan, minParticipantsPerGroup: 2 });
  await eventually('the refusal', async () => (await node.client.status()).last_refusal !== null);
  fleet.documents = newer;
  isHidden = false;
  await contributed(key);
});

describe.each(['undecided', 'published', 'aborted', 'no_round', 'not_found'] as const)(
  'a round that is said to be `%s`, and is not',
  (said) => {
    it('is settled all the same', async () => {
      await node.client.postObservations([row]);
      // For both routers: nobody says in this request who asks.
      let told = 0;
      for (let i = 0; i < 6; i++)
        forgeries.push((url, response) => {
          if (!/\/rounds\/[0-9]+$/.test(url.pathname)) return false;
          told += 1;
          if (said === 'no_round' || said === 'not_found') problem(response, 404, said);
          else {
            const status = { cluster: fleet.cluster, round: 1 as never, phase: said, contributions: 2 };
            response.writeHead(200).end(roundStatusMessage.encode(status));
          }
          return true;
        });
      const key = coordinator.startRound({ ...plan, durationMs: 4000, maxParticipants: 3 });
      await contributed(key);
      await settled(1);
      expect(told).toBe(6);
      expect((await node.client.status()).observations).toEqual({ waiting: 0, taken: 0 });
      expect((await node.client.signal())?.signal.aggregation_round).toBe(1);
    });
  },
);

it('a contribution that is said to be refused is sent again', async () => {
  await node.client.postObservations([row]);
  forgeries.push((url, response) => {
    if (!url.pathname.endsWith('/contributions')) return false;
    problem(response, 409, 'stale_round');
    return true;
  });
  const key = coordinator.startRound({ ...plan, durationMs: 4000, maxParticipants: 3 });
  await contributed(key, 'router-0');
  await contributed(key);
  await settled(1);
});

it('a list of contributions that was cut short on the way uses no report up', async () => {
  forgeries.push((url, response) => {
    if (!url.pathname.endsWith('/views')) return false;
    const { views, ...shown } = memberViewsMessage.decode(coordinator.local.views(`${fleet.cluster}/1`, 0 as never));
    response.writeHead(200).end(memberViewsMessage.encode({ ...shown, views: views.slice(1) }));
    return true;
  });
  const key = await firstRound();
  expect(forgeries).toEqual([]);
  expect(coordinator.round(key).headers).toHaveLength(2);
  await settled(1);
});

it('a latest round that does not exist hides no result', async () => {
  await node.stop('SIGKILL');
  const key = coordinator.startRound({ ...plan, durationMs: 4000 });
  await eventually('publication', () => coordinator.round(key).phase === 'published');
  for (let i = 0; i < 2; i++)
    forgeries.push((url, response) => {
      if (!url.pathname.endsWith('/rounds/latest')) return false;
      response.writeHead(200).end(JSON.stringify({ round: Number.MAX_SAFE_INTEGER, phase: 'published' }));
      return true;
    });
  const again = await NodeProcess.start(
    fleet.environment('router-1', coordinator.port, { SECAGG_POLL_WAIT_MS: '500' }),
  );
  nodes.push(again);
  // Whenever contact was lost it looks again.
  await eventually('the forged answer', () => forgeries.length < 2);
  await coordinator.hangUp();
  await coordinator.listen(coordinator.port);
  await eventually('the second one', () => forgeries.length === 0);
  await coordinator.hangUp();
  await coordinator.listen(coordinator.port);
  await eventually('the result', async () => (await again.client.signal())?.signal.aggregation_round === 1);
});

it.each(['reports', 'votes', 'answers'])(
  '%s of a member that were lost after they were acknowledged are sent again',
  async (part) => {
    forgeries.push((url, response) => {
      if (!url.pathname.endsWith(`/${part}`)) return false;
      response.writeHead(204).end();
      return true;
    });
    const key = await firstRound();
    expect(forgeries).toEqual([]);
    expect(coordinator.round(key).phase).toBe('published');
  },
);

describe('a coordinator that seems to have forgotten a round', () => {
  /** Announcements that router-1, or both, have shown. */
  let shown: number[] = [];
  let looks = 0;
  let answer: (response: ServerResponse) => void;

  /**
   * The coordinator answers as one that was rolled back to before its first round, and every poll of router-1 fails.
   */
  function forget(): void {
    [shown, looks] = [[], 0];
    const { intercept } = coordinator;
    coordinator.intercept = (request, response) => {
      const url = new URL(request.url ?? '', 'http://localhost');
      if (url.pathname === '/v1/announcements') {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const { body } = signedMessage.decode(Buffer.concat(chunks));
          shown.push(roundConfigMessage.decode(body).round);
          answer(response);
        });
        return true;
      }
      if (url.pathname.endsWith('/rounds/latest')) {
        looks += 1;
        problem(response, 404, 'no_round');
        return true;
      }
      return intercept(request, response);
    };
  }
  /** A poll fails, so that router-1 looks at what has come meanwhile. */
  const failPoll = () =>
    forgeries.push((url, response) => {
      if (!isOpenPoll(url)) return false;
      problem(response, 500, 'internal');
      return true;
    });
  const look = async () => {
    const before = looks;
    failPoll();
    await eventually('a look', () => looks > before);
  };

  it('is shown what it has acknowledged, and nothing that only was prepared for', async () => {
    answer = (response) => response.writeHead(204).end();
    await firstRound();
    await settled(1);
    forget();
    const key = coordinator.startRound({ ...plan, sendDelayMs: 8000, durationMs: 30_000 });
    await eventually('its preparation', async () =>
      (await node.client.status()).participations.some(({ round }) => round === 2),
    );
    for (let i = 0; i < 3; i++) await look();
    expect(coordinator.round(key).accepted.size).toBe(0);
    await eventually('the first word', () => shown.length > 0);
    expect(new Set(shown)).toEqual(new Set([1]));
    await contributed(key);
    await eventually('the word of the next', async () => {
      await look();
      return node.log.filter(({ msg }) => msg.includes('seems to have forgotten')).length === 2;
    });
    expect(shown).toContain(2);
  });

  it.each([
    ['bad_signature', 422],
    ['not_found', 404],
    ['unavailable', 503],
  ])('may refuse it as `%s`: the router goes on, and says so to nobody', async (code, status) => {
    answer = (response) => problem(response, status, code);
    await firstRound();
    await settled(1);
    forget();
    for (let i = 0; i < 3; i++) await look();
    await eventually('a word', () => shown.length > 0);
    await contributed(coordinator.startRound(plan));
    expect(node.log.filter(({ msg }) => msg.includes('seems to have forgotten'))).toEqual([]);
  });
});
