import { type ImplausibleGroup } from '@secagg/protocol';

/** Which routers have sent what no honest ones can have, for a person. */
export const describeImplausible = ({ group, routers, reason, key, field }: ImplausibleGroup): string =>
  `no honest routers can have sent the sum of group ${group} (${routers.join(', ')}): ${reason}${key === undefined ? '' : `, ${field} of ${key}`}`;
