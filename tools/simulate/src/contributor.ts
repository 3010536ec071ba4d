/** What a simulated router does in a round, and what its contribution adds to the sums. */
import { type LocalRouter } from '@secagg/protocol';
import { type Bytes, openRoundMessage, type RoundConfig, roundConfigMessage } from '@secagg/schema';
import { ExpectedSums } from './expected-sums';
import { type CpuMeter } from './meter';
import { type UnsafeRecorder } from './randomness';
import { trafficVector } from './traffic';

export class Contributor {
  readonly expected: ExpectedSums;
  private readonly config: RoundConfig;

  constructor(
    private readonly open: Bytes,
    private readonly context: {
      readonly meter: CpuMeter;
      readonly recorder: UnsafeRecorder;
      readonly requestsPerRouter: number;
      readonly next: () => number;
    },
    private readonly nowMs: number,
  ) {
    this.config = roundConfigMessage.decode(openRoundMessage.decode(open).announcement.body);
    this.expected = new ExpectedSums(this.config);
  }

  /** The router checks the announcement and builds its contribution. */
  build(router: LocalRouter): Bytes {
    const { meter, recorder, requestsPerRouter, next } = this.context;
    const vector = trafficVector(this.config.layout, requestsPerRouter, next);
    const copy = vector.slice();
    const round = meter.run('router', () => router.check(this.open, this.nowMs));
    const { result: bytes, again } = recorder.recording(() =>
      meter.run('build', () => router.build(round, vector, this.nowMs)),
    );
    this.expected.add(router.identity.id, copy, again);
    return bytes;
  }
}
