/** To be imported before everything else: checks can be taken away in the process of the test, too. */
import { mockProtocol } from '../../../../../libs/protocol/test/support/doubles';

mockProtocol();
