/** What parties sign twice, a coordinator keeps, shows, and acts on where the policy says so; over a kill as well. */
import { type CoordinatorClient } from '@secagg/client';
import { generateIdentityKey, signMessage } from '@secagg/crypto';
import { type Identity, signDocument, verifyEvidence } from '@secagg/protocol';
import { epochMessage, reportMessage, type Vote, voteBodyMessage, type WorkItem } from '@secagg/schema';
import { random } from '@secagg/testbed/random';
import { until } from '@secagg/testbed/wait';

import { TestFleet } from './support/fleet';
import { HttpMember, HttpRouter, operatorRequest } from './support/parties';
import { CoordinatorProcess } from './support/process';

jest.setTimeout(60_000);

/** Sends a second report and a second vote after its own ones. */
class DoubleTongue extends HttpMember {
  readonly refused: string[] = [];

  speakAgain(client: CoordinatorClient): CoordinatorClient {
    const secret = () => [...this.state.seats.values()].at(-1)?.secrets?.voteSecret as Uint8Array;
    const again = async (send: () => Promise<void>) =>
      send().catch((error: { code: string }) => void this.refused.push(error.code));
    return new Proxy(client, {
      get: (target, name) => {
        if (name === 'sendReport') {
          return async (...[cluster, round, signed]: Parameters<CoordinatorClient['sendReport']>) => {
            await target.sendReport(cluster, round, signed);
            const report = reportMessage.decode(signed.body);
            await again(() =>
              target.sendReport(
                cluster,
                round,
                signDocument(
                  reportMessage,
                  'test-fleet',
                  { ...report, usable: new Uint8Array(report.usable.length) },
                  secret(),
                ),
              ),
            );
          };
        }
        if (name === 'sendVote') {
          return async (...[cluster, round, vote]: Parameters<CoordinatorClient['sendVote']>) => {
            await target.sendVote(cluster, round, vote);
            const {
              groups: _groups,
              reports_hash: _hash,
              ...inRound
            } = voteBodyMessage.decode(vote.body) as Extract<
              ReturnType<typeof voteBodyMessage.decode>,
              { kind: 'ready' }
            >;
            const body = voteBodyMessage.encode({ ...inRound, kind: 'abort', reason: 'policy' });
            const other: Vote = {
              body,
              member: vote.member,
              signature: signMessage(secret(), { type: voteBodyMessage.type, fleet: 'test-fleet' }, body),
            };
            await again(() => target.sendVote(cluster, round, other));
          };
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  protected override handle(
    client: CoordinatorClient,
    item: WorkItem,
    certificates: readonly Uint8Array[],
  ): Promise<void> {
    return super.handle(this.speakAgain(client), item, certificates);
  }
}

it('keeps two reports, two votes and two contributions as evidence, and excludes the parties under a policy that says so', async () => {
  const fleet = new TestFleet({
    routers: 6,
    committee: { size: 4, threshold: 2 },
    candidates: 5,
    fleetPolicy: { misbehaviour: 'exclude' },
  });
  let coordinator = await CoordinatorProcess.start(fleet, fleet.config({ autoEpochs: false }));
  const origin = () => coordinator.origin;
  const members = fleet.routers
    .slice(0, 5)
    .map((identity, i) => (i === 0 ? new DoubleTongue(fleet.view, identity) : new HttpMember(fleet.view, identity)));
  // So that the double-tongued one is needed for the quorum.
  members[3].ignores.add('vote');
  // The double-tongued one has a seat: the fifth candidate is not there yet.
  const serving = members.slice(0, 4).map((member) => member.serve(origin));
  try {
    await coordinator.client.startEpoch(operatorRequest(fleet, fleet.operator, { action: 'start-epoch' }));
    await until(async () => (await coordinator.client.currentEpoch()) !== undefined);
    const open = await coordinator.client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
    );
    const routers = fleet.routers.map((identity) => new HttpRouter(fleet.view, identity));
    for (const router of routers) await router.send(coordinator.client, open, router.build(open, 1));
    // Another contribution of a router that forgot its first one.
    const forgetful = new HttpRouter(fleet.view, fleet.routers[5]);
    await expect(forgetful.send(coordinator.client, open, forgetful.build(open, 2))).rejects.toMatchObject({
      code: 'duplicate',
    });
    await until(async () => (await coordinator.client.roundStatus(fleet.cluster, 1))?.phase === 'published');
    await until(async () => (await coordinator.client.evidenceList()).length === 3);

    await coordinator.kill();
    coordinator = await CoordinatorProcess.start(fleet, fleet.config({ autoEpochs: false }));
    const kept = await coordinator.client.evidenceList();
    expect(kept.map(({ kind, party, round, excluded }) => ({ kind, party, round, excluded }))).toEqual([
      // A router whose disk was replaced could have done the same.
      { kind: 'two-contributions', party: 'router-5', round: 1, excluded: false },
      { kind: 'two-reports', party: 'router-0', round: 1, excluded: true },
      { kind: 'two-votes', party: 'router-0', round: 1, excluded: true },
    ]);
    for (const { id, kind, party } of kept)
      expect(verifyEvidence(fleet.authority.publicKey, await coordinator.client.evidence(id))).toMatchObject({
        kind,
        party,
      });
    expect((members[0] as DoubleTongue).refused).toEqual(['duplicate', 'already_voted']);

    // Handed in again it changes nothing; what proves nothing is refused.
    const evidence = await coordinator.client.evidence(kept[0].id);
    await coordinator.client.sendEvidence(evidence);
    expect(await coordinator.client.evidenceList()).toEqual(kept);
    await expect(coordinator.client.sendEvidence(evidence.subarray(1))).rejects.toMatchObject({
      code: expect.stringMatching(/malformed|invalid/),
    });

    // The next epoch is without the member, the next round without it as a router.
    serving.push(members[4].serve(origin));
    await coordinator.client.startEpoch(operatorRequest(fleet, fleet.operator, { action: 'start-epoch' }));
    await until(async () => !(await currentMembers(coordinator)).includes('router-0'));
    const next = await coordinator.client.startRound(
      fleet.cluster,
      operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster }),
    );
    const refusals = await Promise.all(
      routers.map(async (router) => {
        try {
          await router.send(coordinator.client, next, router.build(next, 1));
          return undefined;
        } catch (error) {
          return (error as { code: string }).code;
        }
      }),
    );
    expect(refusals).toEqual(['excluded', undefined, undefined, undefined, undefined, undefined]);

    // A new certificate for the same key does not lift it, or old evidence would have to be feared for ever; one for a
    // new key does.
    const contributeAs = async (identity: Identity) => {
      await coordinator.client.putFleet(fleet.sign());
      const open = await coordinator.client.startRound(
        fleet.cluster,
        operatorRequest(fleet, fleet.operator, { action: 'start-round', cluster: fleet.cluster, force: true }),
      );
      const router = new HttpRouter(fleet.view, identity);
      return router.send(coordinator.client, open, router.build(open, 1));
    };
    await expect(contributeAs(fleet.certifyAgain(fleet.routers[0]))).rejects.toMatchObject({ code: 'excluded' });
    await contributeAs(fleet.certifyAgain(fleet.routers[0], generateIdentityKey(random)));
  } finally {
    for (const member of members) member.stop();
    await coordinator.stop();
    await Promise.all(serving);
  }
});

async function currentMembers(coordinator: CoordinatorProcess): Promise<string[]> {
  const certificate = await coordinator.client.currentEpoch();
  return certificate ? epochMessage.decode(certificate.body).members.map(({ id }) => id) : [];
}
