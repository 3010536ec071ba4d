/**
 * Answers that nobody signs, made up by whoever sits on the line, and documents and numbers of before: real processes
 * take the answers for hints, and a round ends as it would have.
 */
import './support/without-checks';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import {
  quarantineMessage,
  headerMessage,
  contributionMessage,
  memberViewsMessage,
  type MemberViews,
  openRoundMessage,
  type RoundConfig,
  roundConfigMessage,
  roundStatusMessage,
  signedMessage,
  voteBodyMessage,
} from '@secagg/schema';
import { deriveRound, signDocument, takeFreshness, type VerifiedRound } from '@secagg/protocol';
import { comesAbout, eventually } from '@secagg/testbed/wait';
import { type Attack, expectLayers, quietly } from './support/attack';
import { ACCOMPLICE, bodyOf, HONEST, must, Refused, Siege, VICTIM } from './support/siege';

jest.setTimeout(300_000);

const QUARANTINE = 3;
/** The certificate of router-9, which has no part in anything here. */
const SOMEBODYS_SERIAL = 11;
/** What has not come after this time does not come. It is waited for in full only where an attack has succeeded. */
const NEVER_MS = 20_000;

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.lay({ cluster: { quarantine_rounds: QUARANTINE } });
  // Nothing here turns on how fast members are.
  const { context } = siege.coordinator.local;
  Object.assign(context, { timings: { ...context.timings, proposalTimeoutMs: 30_000, undecidedTimeoutMs: 120_000 } });
});
afterEach(() => {
  siege.answer = () => false;
  siege.isAccompliceDown = false;
});
afterAll(() => siege.lift());

type Forgery = (url: URL, request: IncomingMessage, response: ServerResponse) => boolean;

const problem = (response: ServerResponse, status: number, code: string, details: object = {}) => {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ ...details, type: `urn:secagg:problem:${code}`, title: code, status, code }));
};
const phaseOf = (key: string) => siege.coordinator.round(key).phase;

/** Starts a process anew, with nothing in its memory. */
async function restart(id: string): Promise<void> {
  await siege.node(id).stop('SIGKILL');
  await siege.start(id);
}

const stateOf = async (round: number): Promise<string | undefined> =>
  (await siege.node(VICTIM).client.status()).participations.find((entry) => entry.round === round)?.state;

/** A round of all routers that run, with honest members, closed by its contributions unless it says otherwise. */
const announce = (durationMs = 6000): string =>
  siege.coordinator.startRound({ minParticipantsPerGroup: 3, maxParticipants: 64, durationMs });
const roundOf = (key: string): VerifiedRound => siege.coordinator.round(key).verified;

/** Whether an announcement that nobody has signed keeps the victim from the next round. */
async function silenced(): Promise<boolean> {
  const first = roundOf(announce(600_000));
  await eventually('a contribution', () => accepted(first, VICTIM));
  const now = Date.now();
  const times = { round_time_ms: now, send_from_ms: now, deadline_ms: now + 60_000 };
  const config: RoundConfig = { ...first.config, ...times, round: Number.MAX_SAFE_INTEGER as never };
  const { body } = signDocument(roundConfigMessage, config.fleet, config, siege.fleet.coordinator.secretKey);
  let isForged = false;
  siege.answer = (url, _request, response) => {
    if (isForged || !url.pathname.endsWith('/rounds/open') || url.searchParams.get('router') !== VICTIM) return false;
    isForged = true;
    const announcement = { body, signature: new Uint8Array(64) };
    response.writeHead(200).end(openRoundMessage.encode({ announcement, epoch_certificate: first.epoch.certificate }));
    return true;
  };
  await eventually('the forged announcement', () => isForged);
  const next = roundOf(announce(600_000));
  const joined = await comesAbout(() => accepted(next, VICTIM), NEVER_MS);
  if (!joined) await restart(VICTIM);
  return !joined;
}

const accepted = ({ config }: VerifiedRound, router: string): boolean =>
  siege.coordinator.round(`${config.cluster}/${config.round}`).accepted.has(router as never);

/** Whether a forged end of a round that is published after it keeps the victim from settling it. */
const endedBy =
  (forge: (response: ServerResponse, round: RoundConfig) => void): Attack['run'] =>
  () =>
    siege.honestly(async () => {
      const key = announce();
      const { config } = roundOf(key);
      let isForging = true;
      siege.answer = (url, _request, response) => {
        if (!isForging || url.pathname !== `/v1/clusters/${config.cluster}/rounds/${config.round}`) return false;
        forge(response, config);
        return true;
      };
      const from = siege.node(VICTIM).log.length;
      await eventually('the forged end', () =>
        siege
          .node(VICTIM)
          .log.slice(from)
          .some(({ msg, round }) => round === config.round && String(msg).includes('said to have no outcome')),
      );
      isForging = false;
      await eventually('publication', () => phaseOf(key) === 'published', 60_000);
      const isSettled = await comesAbout(async () => (await stateOf(config.round)) === 'included', NEVER_MS);
      if (!isSettled) await restart(VICTIM);
      return !isSettled;
    });

/** Whether one forged refusal keeps the victim's contribution out of a round. */
const refusedBy =
  (forge: (response: ServerResponse, round: VerifiedRound) => void): Attack['run'] =>
  async () => {
    const round = roundOf(announce(16_000));
    const before = siege.node(VICTIM).log.length;
    let isForged = false;
    siege.answer = contributionsOfVictim(round, (_bytes, response) => {
      if (isForged) return false;
      isForged = true;
      forge(response, round);
      return true;
    });
    await eventually('the refusal', () =>
      siege
        .node(VICTIM)
        .log.slice(before)
        .some(({ msg }) => msg === 'contribution refused'),
    );
    await eventually('the close', () => accepted(round, VICTIM) || phaseOfRound(round) !== 'collecting', 30_000);
    return !accepted(round, VICTIM);
  };

const phaseOfRound = ({ config }: VerifiedRound) => phaseOf(`${config.cluster}/${config.round}`);

/** Contributions of the victim; of others they are what they are. */
function contributionsOfVictim(
  { config }: VerifiedRound,
  take: (bytes: Uint8Array, response: ServerResponse) => boolean,
): Forgery {
  const { local } = siege.coordinator;
  const key = `${config.cluster}/${config.round}`;
  return (url, request, response) => {
    if (url.pathname !== `/v1/clusters/${key.replace('/', '/rounds/')}/contributions`) return false;
    void bodyOf(request).then((bytes) => {
      const { router } = headerMessage.decode(contributionMessage.decode(bytes).header.body);
      if (router === VICTIM && take(bytes, response)) return;
      response.writeHead(201).end(signedMessage.encode(local.contribute(key, bytes)));
    });
    return true;
  };
}

/** Whether the victim sits the next round out after a quarantine that somebody else signed. */
async function setAside(): Promise<boolean> {
  const { fleet } = siege;
  const accused = await refusedBy((response, { config, configHash }) => {
    const notice = {
      v: 1 as const,
      fleet: config.fleet,
      cluster: config.cluster,
      round: config.round,
      config_hash: configHash,
      router: VICTIM as never,
      coordinator: config.coordinator,
      until_round: (config.round + QUARANTINE) as never,
    };
    const signed = signDocument(quarantineMessage, config.fleet, notice, siege.identity(ACCOMPLICE).secretKey);
    problem(response, 403, 'quarantined', {
      untilRound: notice.until_round,
      notice: Buffer.from(signedMessage.encode(signed)).toString('base64'),
    });
  })(siege);
  if (!accused) return false;
  const from = siege.node(VICTIM).log.length;
  const next = roundOf(announce(600_000));
  const said = () =>
    siege
      .node(VICTIM)
      .log.slice(from)
      .find(({ msg, round }) => msg === 'round refused' && round === next.config.round);
  await eventually('the next round', () => accepted(next, VICTIM) || said() !== undefined);
  return said()?.code === 'quarantined' && fleet.cluster === next.config.cluster;
}

const forRouters: Record<string, Attack> = {
  'an announcement with the highest number, that nobody has signed': {
    layers: [quietly('hint.retried')],
    run: silenced,
  },
  'a round that is published, said to be undecided': {
    layers: [quietly('hint.retried')],
    run: endedBy((response, { cluster, round }) => {
      response.writeHead(200).end(roundStatusMessage.encode({ cluster, round, phase: 'undecided', contributions: 5 }));
    }),
  },
  'a round that is published, said to be unknown': {
    layers: [quietly('hint.retried')],
    run: endedBy((response) => problem(response, 404, 'no_round')),
  },
  'a contribution said to be late': {
    layers: [quietly('hint.retried')],
    run: refusedBy((response) => problem(response, 409, 'stale_round')),
  },
  'a contribution said to be for no round': {
    layers: [quietly('hint.retried')],
    run: refusedBy((response) => problem(response, 404, 'no_round')),
  },
  'a quarantine that the coordinator has not signed': {
    layers: [quietly('standing.notice')],
    run: setAside,
  },
};

it.each(Object.entries(forRouters))('a router is told: %s', async (_name, attack) => {
  await expectLayers(siege, attack);
});

/** Whether a round of honest members comes to nothing when this is done to each of them once. */
const spoiledBy = (part: string, forge: (url: URL, response: ServerResponse, key: string) => void): Promise<boolean> =>
  siege.honestly(async () => {
    const key = announce();
    let left = HONEST.length;
    const done = new Set<string>();
    siege.answer = (url, request, response) => {
      if (url.pathname !== `/v1/clusters/${key.replace('/', '/rounds/')}/${part}`) return false;
      const member = url.searchParams.get('member') ?? String(left--);
      if (part === 'views' ? done.has(member) : left < 0) return false;
      done.add(member);
      request.resume();
      forge(url, response, key);
      return true;
    };
    await eventually('what is forged', () => done.size === HONEST.length);
    const isSpoiled = !(await comesAbout(() => phaseOf(key) === 'published', NEVER_MS));
    if (isSpoiled) for (const id of HONEST) await restart(id);
    return isSpoiled;
  });

const withoutTheFirst = (url: URL, key: string): MemberViews => {
  const { local } = siege.coordinator;
  const shown = memberViewsMessage.decode(local.views(key, Number(url.searchParams.get('member')) as never));
  return { ...shown, views: shown.views.slice(1) };
};

const forMembers: Record<string, Attack> = {
  'that its report arrived': {
    layers: [quietly('hint.retried')],
    run: () => spoiledBy('reports', (_url, response) => response.writeHead(204).end()),
  },
  'that its report is for no round': {
    layers: [quietly('hint.retried')],
    run: () => spoiledBy('reports', (_url, response) => problem(response, 404, 'no_round')),
  },
  'a list of contributions that was cut short': {
    layers: [quietly('headers.closing')],
    run: () =>
      spoiledBy('views', (url, response, key) =>
        response.writeHead(200).end(memberViewsMessage.encode(withoutTheFirst(url, key))),
      ),
  },
  'an abort of a round with the highest number': {
    layers: ['round.once'],
    run: async () => {
      const { config, epoch } = roundOf(announce(600_000));
      const huge: RoundConfig = { ...config, round: Number.MAX_SAFE_INTEGER as never };
      const announcement = signDocument(roundConfigMessage, config.fleet, huge, siege.fleet.coordinator.secretKey);
      const { cluster, round } = huge;
      const request = siege.abortRequest(deriveRound(siege.fleet.view, epoch, announcement));
      const said = await siege.ask(HONEST[0], { kind: 'abort', cluster, round, announcement, request });
      return must(said).length > 0;
    },
  },
};

it.each(Object.entries(forMembers))('a member is told: %s', async (_name, attack) => {
  await expectLayers(siege, attack);
});

/**
 * One member is down and one slow; two have voted `ready` when the time for votes is over. Whether neither decision can
 * come about.
 */
async function split(): Promise<boolean> {
  siege.isAccompliceDown = true;
  const { context } = siege.coordinator.local;
  const { timings } = context;
  try {
    return await siege.honestly(async () => {
      const key = announce();
      const round = siege.coordinator.round(key);
      const [, , slow] = HONEST;
      const isReady = () => round.votes.size === 2;
      let isSlow = true;
      siege.answer = (url, _request, response) => {
        if (!isSlow || url.pathname !== '/v1/committee/work' || url.searchParams.get('member') !== slow) return false;
        // It reports with the others, and is not heard of again until the time is over.
        const work = round.phase === 'checking' ? siege.coordinator.local.work(slow as never, Date.now()) : undefined;
        setTimeout(() => (work ? response.writeHead(200).end(work) : response.writeHead(204).end()), 50);
        return true;
      };
      await eventually('two votes', isReady, 60_000);
      Object.assign(context, { timings: { ...timings, proposalTimeoutMs: 1 } });
      await comesAbout(() => round.phase === 'aborting', 500);
      isSlow = false;
      await eventually('the third vote', () => round.votes.size === 3, 60_000);
      const kinds = [...round.votes.values()].map(({ vote }) => voteBodyMessage.decode(vote.body).kind);
      return kinds.filter((kind) => kind === 'ready').length < 3;
    });
  } finally {
    Object.assign(context, { timings });
  }
}

it('the votes of members are split', async () => {
  await expectLayers(siege, { layers: [quietly('vote.undivided')], run: split });
});

/**
 * A round that ends while the victim is away, and whose roster is withdrawn then. Whether the victim takes its result
 * for the latest.
 */
async function withdrawn(): Promise<boolean> {
  const { fleet, coordinator } = siege;
  const { local } = coordinator;
  await siege.node(VICTIM).stop('SIGKILL');
  if (fleet.view.roster.version > local.state.view.roster.version) {
    local.commit({ events: [{ type: 'fleet-updated', documents: fleet.documents }], reply: undefined });
    local.commit({ events: takeFreshness(local.state, fleet.freshness, Date.now()), reply: undefined });
    siege.accomplice.commit({
      events: [{ type: 'fleet-updated', documents: fleet.documents }],
      reply: undefined,
    });
    siege.accomplice.commit({
      events: takeFreshness(siege.accomplice.state, fleet.freshness, Date.now()),
      reply: undefined,
    });
    await siege.newEpoch();
  }
  const { round } = roundOf(
    await siege.honestly(async () => {
      const key = announce();
      await eventually('publication', () => phaseOf(key) === 'published', 60_000);
      return key;
    }),
  ).config;
  fleet.sign([SOMEBODYS_SERIAL]);
  await siege.start(VICTIM);
  const node = siege.node(VICTIM);
  const refusal = () =>
    node.log.find((line) => line.msg === 'the outcome of the round could not be verified' && line.round === round);
  const isTaken = async () => (await node.client.signal())?.signal.aggregation_round === round;
  await eventually('the result or its refusal', async () => refusal() !== undefined || (await isTaken()), 60_000);
  const line = refusal();
  if (line) throw new Refused(line);
  return true;
}

it('the result of a round under a roster that has been withdrawn', async () => {
  await expectLayers(siege, { layers: ['fleet.newest'], run: withdrawn });
});
