/** Fields that both services have. */
import { z } from 'zod';
import { variableOf } from './setting';

/** A field as messages name it. */
export const settingName = (field: string, variable = variableOf(field)): string => `${field} (${variable})`;

export const listenHost = z.string().regex(/^[^\s[\]/]+$/, {
  error: 'must be an address or a name of this machine; an IPv6 address stands without brackets, as ::1',
});

/** Names as the Host header has them. */
export const hostNames = z.array(
  z.string().regex(/^(\*|[^\s/:@*[\]]+)$/, { error: 'must be a name without scheme or port, or * for any' }),
);
