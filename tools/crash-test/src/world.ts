/**
 * Everything one part of a crash test consists of: a fleet, its processes, the witness between them, and what has been
 * found.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CoordinatorClient, RouterNodeClient, type RouterNodeStatus } from '@secagg/client';
import { type PublishedResult } from '@secagg/protocol';
import { type RoundConfig, SecaggError } from '@secagg/schema';
import { type UnsafeDraw } from '@secagg/testbed/random';
import { dataDir, writeCoordinatorConfig, writeNodeConfig } from './fleet/configs';
import { type CrashFleet } from './fleet/crash-fleet';
import { type Role } from './points';
import { Subject } from './processes/subject';
import { Backlog } from './rounds/backlog';
import { Proxy } from './wire/proxy';
import { Witness } from './wire/witness';

export interface Scripts {
  readonly coordinator: string;
  readonly routerNode: string;
  readonly cli: string;
}

/** A round as its transcript tells it. */
export interface FinishedRound {
  readonly round: number;
  readonly outcome: 'published' | 'aborted' | 'undecided';
  readonly config?: RoundConfig;
  readonly result?: PublishedResult;
  readonly participants: readonly string[];
  /** Sizes of the groups that were opened. */
  readonly sizes: readonly number[];
  /** Header hashes of all listed contributions, in hexadecimal. */
  readonly listed: ReadonlySet<string>;
  /** The decision's body in hexadecimal: what may never change. */
  readonly decision?: string;
}

export interface World {
  readonly fleet: CrashFleet;
  readonly draw: UnsafeDraw;
  readonly scripts: Scripts;
  readonly subjects: ReadonlyMap<string, Subject>;
  readonly coordinator: CoordinatorClient;
  readonly proxy: Proxy;
  readonly witness: Witness;
  readonly backlog: Backlog;
  readonly rounds: Map<number, FinishedRound>;
  /** What each router has said of its part in each round, the last time it was asked. */
  readonly participations: Map<string, Map<number, string>>;
  readonly problems: string[];
  readonly traceFile: string;
  node(id: string): RouterNodeClient | undefined;
  fail(problem: string): void;
  say(text: string): void;
}

export async function createWorld(
  fleet: CrashFleet,
  draw: UnsafeDraw,
  scripts: Scripts,
  say: (text: string) => void,
): Promise<World> {
  const problems: string[] = [];
  const fail = (problem: string) => {
    problems.push(problem);
    say(`FAILED: ${problem}`);
  };
  const witness = new Witness(fail);
  const proxy = await Proxy.start(witness);
  const traceFile = join(fleet.folder, 'points.txt');
  const subjects = new Map<string, Subject>();
  const clients = new Map<string, RouterNodeClient>();
  const add = (name: string, script: string, configFile: string, onListening: (url: string) => void) => {
    subjects.set(
      name,
      new Subject(
        {
          name,
          script,
          configFile,
          traceFile,
          logFile: join(fleet.folder, `${name}.log`),
          dataDir: dataDir(fleet, name),
        },
        onListening,
        fail,
      ),
    );
  };
  add('coordinator', scripts.coordinator, writeCoordinatorConfig(fleet), (url) => {
    proxy.target = url;
  });
  for (const id of fleet.routers) {
    add(id, scripts.routerNode, writeNodeConfig(fleet, id, proxy.url), (url) => {
      // A restarted node listens somewhere else.
      void clients.get(id)?.close();
      clients.set(id, new RouterNodeClient({ url, connections: 4, attempts: 1, timeoutMs: 5000 }));
    });
  }
  return {
    fleet,
    draw,
    scripts,
    subjects,
    proxy,
    witness,
    problems,
    traceFile,
    fail,
    say,
    coordinator: new CoordinatorClient({ url: proxy.url, connections: 16, attempts: 1, timeoutMs: 5000 }),
    backlog: new Backlog(),
    rounds: new Map(),
    participations: new Map(),
    node: (id) => (subjects.get(id)?.url === undefined ? undefined : clients.get(id)),
  };
}

export const rolesOf = ({ fleet }: Pick<World, 'fleet'>): Readonly<Record<Role, readonly string[]>> => ({
  coordinator: ['coordinator'],
  member: fleet.members,
  router: fleet.routers,
});

export function subject({ subjects }: Pick<World, 'subjects'>, name: string): Subject {
  const found = subjects.get(name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

/** What a router says of itself; its participations are remembered. Undefined while it is away. */
export async function statusOf(world: World, router: string): Promise<RouterNodeStatus | undefined> {
  const status = await world.node(router)?.status();
  if (!status) return undefined;
  const known = world.participations.get(router) ?? new Map<number, string>();
  world.participations.set(router, known);
  for (const { round, state } of status.participations) known.set(round, state);
  return status;
}

/** A process that was away, whoever answered in its place, or one that said it will do better later. */
const isPassing = (error: unknown): boolean =>
  error instanceof SecaggError && ['unavailable', 'overloaded', 'not_found', 'no_round'].includes(error.code);

/** Tries again while a process is away, until it gives something. Throws when `limitMs` have passed. */
export async function insist<T>(what: string, limitMs: number, attempt: () => Promise<T | undefined>): Promise<T> {
  let last: unknown;
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await pause(40)) {
    try {
      const found = await attempt();
      if (found !== undefined) return found;
    } catch (error) {
      if (!isPassing(error)) throw error;
      last = error;
    }
  }
  throw new Error(`${what}: not within ${limitMs} ms${last instanceof Error ? ` (${last.message})` : ''}`);
}
