/** Without `hint.retried`, what was sent once is never sent again. */
import { SeenWork as Shipped } from '../../../../src/committee/seen-work';
import { isSwitchedOff } from '../../../../../../libs/protocol/test/support/switched-off';

export class SeenWork extends Shipped {
  private kept: string | undefined;

  override handled(hash: string): void {
    super.handled(hash);
    this.kept = hash;
  }

  override take(): string | undefined {
    const once = super.take();
    return isSwitchedOff('hint.retried') ? this.kept : once;
  }
}
