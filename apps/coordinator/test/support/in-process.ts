/** A coordinator in the test's own process, on a free port. */
import { CoordinatorClient } from '@secagg/client';
import { type Surroundings } from '@secagg/host';
import { until } from '@secagg/testbed/wait';
import { pino } from 'pino';
import { readConfig } from '../../src/config';
import { type Service, startService } from '../../src/service';
import { type TestFleet } from './fleet';
import { HttpMember, type UnsafeHost } from './parties';

export class Running {
  private readonly members: { member: HttpMember; serving: Promise<void> }[] = [];

  private constructor(
    readonly fleet: TestFleet,
    readonly service: Service,
    readonly client: CoordinatorClient,
  ) {}

  static async start(
    fleet: TestFleet,
    config: object = fleet.config(),
    surroundings: Partial<Surroundings> = {},
  ): Promise<Running> {
    const service = await startService(readConfig({ SECAGG_CONFIG: fleet.writeConfig(config) }), {
      logger: pino({ level: process.env.TEST_LOG ?? 'silent' }),
      onFailure: (error) => {
        throw error;
      },
      ...surroundings,
    });
    return new Running(
      fleet,
      service,
      new CoordinatorClient({ url: `http://127.0.0.1:${service.port}`, connections: 64 }),
    );
  }

  get origin(): string {
    return `http://127.0.0.1:${this.service.port}`;
  }

  /** Members that serve until the coordinator is stopped, for the first `count` candidates. */
  startCommittee(count: number, unsafeHost?: UnsafeHost): HttpMember[] {
    for (const identity of this.fleet.routers.slice(0, count)) {
      const member = new HttpMember(this.fleet.view, identity, unsafeHost);
      this.members.push({ member, serving: member.serve(() => this.origin) });
    }
    return this.members.map(({ member }) => member);
  }

  async epochInForce(): Promise<void> {
    await until(async () => (await this.client.currentEpoch()) !== undefined);
  }

  releaseNow(): Promise<void> {
    return this.service.release();
  }

  async stop(): Promise<void> {
    for (const { member } of this.members) member.stop();
    await Promise.all(this.members.map(({ serving }) => serving));
    await this.client.close();
    await this.service.stop();
  }
}
