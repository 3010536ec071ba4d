/** Without `hint.retried`, whatever was announced and refused moves the number for good. */
import { RoundCursor as Shipped } from '../../../../src/participant/round-cursor';
import { isSwitchedOff } from '../../../../../../libs/protocol/test/support/switched-off';

export class RoundCursor extends Shipped {
  override refused(round: number, isAnnounced: boolean): void {
    super.refused(round, isAnnounced || isSwitchedOff('hint.retried'));
  }

  override startOver(): void {
    if (!isSwitchedOff('hint.retried')) super.startOver();
  }
}
