/**
 * GET /v1/signal of a round whose groups are combined by median: the report on the groups is the one everybody
 * computes.
 */
import { auditTranscript, publishedResult } from '@secagg/protocol';
import { eventually } from '@secagg/testbed/wait';
import { CoordinatorDouble } from './support/coordinator-double';
import { TestFleet } from './support/fleet';
import { NodeProcess } from './support/node-process';

jest.setTimeout(120_000);

it('gives out how the groups looked and were combined', async () => {
  const fleet = new TestFleet({
    routers: 2,
    committee: { size: 1, threshold: 1 },
    minParticipants: 1,
    cluster: { max_groups: 3 },
  });
  const coordinator = new CoordinatorDouble(fleet);
  await coordinator.listen();
  const nodes = [
    await NodeProcess.start(fleet.environment('router-0', coordinator.port)),
    await NodeProcess.start(fleet.environment('router-1', coordinator.port)),
  ];
  try {
    coordinator.startEpoch();
    await eventually('an epoch', () => coordinator.local.state.epoch !== undefined);
    for (const node of nodes)
      await node.client.postObservations([{ model: 'm1', task: 't1', success: true, latency_s: 1 }]);
    // Two of three groups must be opened: in a third of all rounds both routers are in one.
    let key: string;
    do {
      key = coordinator.startRound({
        minParticipantsPerGroup: 1,
        maxParticipants: 3,
        groups: 3,
        combination: 'median',
        durationMs: 4000,
      });
      await eventually('the end of the round', () => ['published', 'aborted'].includes(coordinator.round(key).phase));
    } while (coordinator.round(key).phase === 'aborted');
    const audited = auditTranscript(fleet.authority.publicKey, coordinator.local.transcript(key));
    if (audited.kind !== 'opened') throw new Error('not opened');
    await eventually('the signal', async () => (await nodes[1].client.signal()) !== undefined);
    const published = await nodes[1].client.signal();
    expect(published?.robust).toEqual(publishedResult(audited).robust);
    expect(published?.robust).toMatchObject({
      combination: 'median',
      discarded_groups: [],
      scores: [{ size: 1 }, { size: 1 }],
    });
  } finally {
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    await coordinator.close();
    fleet.remove();
  }
});
