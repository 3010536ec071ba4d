/** A router-node in this process whose coordinator cannot be reached. */
import { pino } from 'pino';
import { request } from 'undici';
import { readConfig } from '../../src/config';
import { type RunningNode, startNode } from '../../src/start';
import { TestFleet } from './fleet';
import { observationProgram } from './node-process';

export interface TestNode {
  readonly fleet: TestFleet;
  readonly url: string;
  start(overrides?: Record<string, string>): Promise<void>;
  stop(): Promise<void>;
  call(
    method: 'GET' | 'POST',
    path: string,
    body?: string | Uint8Array,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** Waiting observations by key. */
  waiting(): Promise<Record<string, number>>;
  /** What it has logged. */
  logged(): string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, unknown> | undefined;
}

/** For the tests of one file; started and stopped by each. */
export function useTestNode(): TestNode {
  let fleet: TestFleet;
  let node: RunningNode | undefined;
  let lines: string[] = [];
  beforeEach(() => {
    lines = [];
    fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
  });
  afterEach(async () => {
    await node?.stop();
    node = undefined;
    fleet.remove();
  });
  const call: TestNode['call'] = async (method, path, body, headers = { 'content-type': 'application/json' }) => {
    const answer = await request(`http://127.0.0.1:${node?.port}${path}`, {
      method,
      ...(body === undefined ? {} : { body, headers }),
    });
    const text = await answer.body.text();
    const isJson = String(answer.headers['content-type'] ?? '').includes('json');
    return {
      status: answer.statusCode,
      text,
      json: isJson ? (JSON.parse(text) as Record<string, unknown>) : undefined,
    };
  };
  return {
    get fleet() {
      return fleet;
    },
    get url() {
      return `http://127.0.0.1:${node?.port}`;
    },
    async start(overrides = {}) {
      node = await startNode(
        readConfig(fleet.environment('router-0', 9, overrides)),
        {
          logger: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
          onFailure: (error) => {
            throw error;
          },
        },
        await observationProgram(),
      );
    },
    async stop() {
      await node?.stop();
      node = undefined;
    },
    call,
    async waiting() {
      const { json } = await call('GET', '/v1/names');
      return Object.fromEntries(
        (json?.keys as { key: string; waiting: number }[]).map(({ key, waiting }) => [key, waiting]),
      );
    },
    logged: () => lines.join(''),
  };
}
