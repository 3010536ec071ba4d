/** Answers that get lost on their way: everything that is sent again has the effect of sending it once. */
import { createServer, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { CoordinatorClient } from '@secagg/client';
import { epochMessage, roundConfigMessage } from '@secagg/schema';
import { TestFleet } from './support/fleet';
import { Running } from './support/in-process';
import { HttpRouter, operatorRequest } from './support/parties';

jest.setTimeout(60_000);

const fleet = new TestFleet({ routers: 3, committee: { size: 1, threshold: 1 } });
let running: Running;
let proxy: Server;
let client: CoordinatorClient;
/** How many of the next requests have their answer lost. */
let losing = 0;
let forwarded = 0;

beforeAll(async () => {
  running = await Running.start(fleet, fleet.config({ autoEpochs: false }));
  running.startCommittee(1);
  proxy = createServer((incoming, response) => {
    const { host: _host, ...headers } = incoming.headers;
    const onward = httpRequest(
      running.origin + (incoming.url ?? ''),
      { method: incoming.method, headers },
      (answer) => {
        forwarded += 1;
        if (losing > 0) {
          losing -= 1;
          answer.resume().on('end', () => response.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  client = new CoordinatorClient({ url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });
});
afterAll(async () => {
  await client.close();
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await running.stop();
});

const lose = (answers: number): void => {
  [losing, forwarded] = [answers, 0];
};

it('an epoch is started once', async () => {
  lose(2);
  await client.startEpoch(operatorRequest(fleet, fleet.operator, { action: 'start-epoch' }));
  expect(forwarded).toBe(3);
  await running.epochInForce();
  expect(epochMessage.decode((await client.currentEpoch())?.body as Uint8Array).epoch).toBe(1);
});

it('a round is started once, and given as it was announced; contributions get the receipts that were lost', async () => {
  lose(2);
  const request = operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster });
  const open = await client.startRound(fleet.cluster, request);
  expect(roundConfigMessage.decode(open.announcement.body).round).toBe(1);
  expect(await client.latestRound(fleet.cluster)).toMatchObject({ round: 1 });

  const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
  for (const router of routers) {
    const bytes = router.build(open, 4);
    lose(2);
    await router.send(client, open, bytes);
    expect(forwarded).toBe(3);
  }
  expect(await client.roundStatus(fleet.cluster, 1, { waitMs: 20_000 })).toMatchObject({
    phase: 'published',
    contributions: 3,
  });

  // Taken before, by whoever sends it: that is a refusal for the first attempt.
  await expect(client.startRound(fleet.cluster, request)).rejects.toMatchObject({ code: 'duplicate' });
});
