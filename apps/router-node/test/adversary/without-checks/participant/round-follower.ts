/** Without `hint.retried`, a round is over when the coordinator says so. */
import { RoundFollower as Shipped } from '../../../../src/participant/round-follower';
import { isSwitchedOff } from '../../../../../../libs/protocol/test/support/switched-off';

export class RoundFollower extends Shipped {
  private isOver = false;

  override isSettled(): boolean {
    return this.isOver || super.isSettled();
  }

  protected override async settle(...said: Parameters<Shipped['settle']>): Promise<void> {
    await super.settle(...said);
    this.isOver = isSwitchedOff('hint.retried');
  }
}
