/** HTTP requests to a coordinator and a router-node in processes of their own. */
import { type ServiceProcess } from '@secagg/testbed/processes';
import { UnsafeDraw } from '@secagg/testbed/random';
import { type Finding, type TargetReport } from '../fuzz';
import { type World } from '../world';
import { codeOf, exchange, problemWith } from './exchange';
import { startServices } from './fleet';
import { coordinatorRoutes, makeRequest, type Route, routerRoutes } from './requests';

const CONNECTIONS = 8;
/** A service of this size needs about 150; bodies of 33 MB that are read whole are allowed. */
const MEMORY_MB = 1200;

export interface RouteOptions {
  readonly seed: string;
  readonly inputs: number;
  readonly from: number;
  /** Folder of the built apps. */
  readonly scripts: string;
  /** Part of a service's name: the others are left alone. */
  readonly only?: string;
}

export interface RouteReport extends TargetReport {
  readonly peakMemoryMb?: number;
}

export async function fuzzRoutes(
  world: World,
  options: RouteOptions,
  onReport: (report: RouteReport, finding?: Finding) => void,
): Promise<Finding[]> {
  const running = await startServices(options.scripts);
  try {
    const seeds = (type: string) => [...(running.messages.get(type) ?? []), ...(world.messages.get(type) ?? [])];
    const around = { cluster: running.cluster, round: running.round, seeds };
    const findings: Finding[] = [];
    for (const [name, service, routes] of [
      ['coordinator routes', running.coordinator, coordinatorRoutes],
      ['router-node routes', running.node, routerRoutes],
    ] as const) {
      if (options.only !== undefined && !name.includes(options.only)) continue;
      const { report, finding } = await fuzzService(name, service, routes, around, options);
      if (finding) findings.push(finding);
      onReport({ ...report, peakMemoryMb: service.memoryMb('VmHWM') }, finding);
    }
    return findings;
  } finally {
    await running.stop();
  }
}

async function fuzzService(
  name: string,
  service: ServiceProcess,
  routes: readonly Route[],
  around: Parameters<typeof makeRequest>[1],
  { seed, inputs, from }: RouteOptions,
) {
  const port = await service.port;
  const report: TargetReport = { target: name, inputs: 0, accepted: 0, refused: {}, slowestMs: 0, slowestIndex: from };
  let finding: Finding | undefined;
  let next = from;
  const end = from + Math.ceil(inputs / 2);
  const connection = async (): Promise<void> => {
    while (next < end && !finding) {
      const index = next++;
      const request = makeRequest(routes, around, new UnsafeDraw(`${seed} ${name} ${index}`));
      const started = performance.now();
      const answer = await exchange(port, request);
      const ms = performance.now() - started;
      if (ms > report.slowestMs) Object.assign(report, { slowestMs: ms, slowestIndex: index });
      report.inputs++;
      const memory = index % 500 === 0 ? (service.memoryMb('VmHWM') ?? 0) : 0;
      const problem = !service.isRunning
        ? `the process has ended:\n${service.lastWords()}`
        : memory > MEMORY_MB
          ? `${Math.round(memory)} MB of memory`
          : answer
            ? problemWith(request, answer)
            : 'no answer in time';
      if (problem !== undefined)
        finding ??= {
          target: name,
          index,
          problem,
          input: Buffer.from(request.bytes.subarray(0, 100_000)).toString('hex'),
        };
      if (!answer) continue;
      if (answer.status > 0 && answer.status < 400) report.accepted++;
      else {
        const code = codeOf(answer.body) ?? (answer.status === 0 ? 'closed' : `http_${answer.status}`);
        report.refused[code] = (report.refused[code] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return { report, finding };
}
