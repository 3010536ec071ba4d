import { SecaggError } from '@secagg/schema';
import { aes256Gcm } from './aead';
import { dhkemX25519 } from './dhkem-x25519';
import { type Hpke, hpke } from './hpke';
import { xWing } from './x-wing';

/** Names as they stand in the fleet policy and in epoch certificates. */
export type SealingSuiteId = 'hpke-x25519-sha256-aes256gcm' | 'hpke-xwing-sha256-aes256gcm';

/** How seeds are sealed to committee members; the epoch certificate names one. */
export interface SealingSuite extends Hpke {
  readonly id: SealingSuiteId;
  /** True where what is sealed today stays sealed to a quantum computer tomorrow. */
  readonly postQuantum: boolean;
}

const suites: ReadonlyMap<string, SealingSuite> = new Map(
  (
    [
      { ...hpke(dhkemX25519, aes256Gcm), id: 'hpke-x25519-sha256-aes256gcm', postQuantum: false },
      { ...hpke(xWing, aes256Gcm), id: 'hpke-xwing-sha256-aes256gcm', postQuantum: true },
    ] satisfies SealingSuite[]
  ).map((suite) => [suite.id, suite]),
);

/** All suites this software can run, in order of introduction. */
export const sealingSuiteIds: readonly SealingSuiteId[] = [...suites.values()].map((suite) => suite.id);

/** @throws SecaggError `unsupported_suite` for a name that is none of {@link sealingSuiteIds} */
export function sealingSuite(id: string): SealingSuite {
  const suite = suites.get(id);
  if (suite === undefined)
    throw new SecaggError('unsupported_suite', `there is no sealing suite ${JSON.stringify(id)}`);
  return suite;
}
