/**
 * What a failed call says of the coordinator's address, for the operator. Answers are not signed: nothing that a node
 * does follows from this.
 */
import { type NotReady, type RouterNodeReason, type SecaggError } from '@secagg/schema';
import { named } from '../config';

export type ContactReason = Extract<RouterNodeReason, `coordinator_${string}`>;

const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/;
const TLS = /^(ERR_SSL_|ERR_TLS_|EPROTO)/;
const LONGEST_DETAIL = 300;

const url = () => named('coordinatorUrl');
const actions: Record<ContactReason, () => string> = {
  coordinator_unreachable: () => `check ${url()}, the network, and whether the coordinator runs`,
  coordinator_tls: () => `check that ${url()} has the right scheme and port, and what the TLS server asks for`,
  coordinator_certificate: () =>
    `renew the certificate of the server, use the name that it is for in ${url()}, or give its authority in ${named('coordinatorCaFile')}`,
  coordinator_not_secagg: () => `check ${url()}, its prefix too: something else than a coordinator answers there`,
  coordinator_other_fleet: () =>
    `check ${url()} and ${named('authorityKeyFile')}: they are of different fleets, or the coordinator hands on documents that do not hold`,
  coordinator_outdated: () =>
    'publish the newest documents and a new statement to the coordinator (secagg fleet publish): those it hands on are older than what is known here, or over',
  coordinator_refuses: () =>
    'see what it says: credentials of a proxy, or a roster there that does not know this party',
  coordinator_unavailable: () =>
    'look at the coordinator: it answers that it cannot serve now, or too much is asked of it',
};

export function contactProblem(error: SecaggError): NotReady<ContactReason> {
  const reason = reasonOf(error);
  return { reason, detail: `${error.code}: ${error.message}`.slice(0, LONGEST_DETAIL), action: actions[reason]() };
}

/** Before the first answer. */
export const notAnswered = (): NotReady<ContactReason> => ({
  reason: 'coordinator_unreachable',
  detail: 'the coordinator has not answered since the start',
  action: actions.coordinator_unreachable(),
});

function reasonOf({ code, details: { unreachable, network, foreign, status } }: SecaggError): ContactReason {
  if (unreachable === true) return unreached(typeof network === 'string' ? network : '');
  const isBusy = typeof status === 'number' && (status >= 500 || status === 429 || status === 408);
  if (isBusy) return 'coordinator_unavailable';
  if (foreign === true)
    return [401, 403, 407].includes(status as number) ? 'coordinator_refuses' : 'coordinator_not_secagg';
  if (status === undefined) {
    // It answered with no problem, but with what does not decode, or does not hold.
    if (['malformed', 'not_canonical', 'too_large', 'invalid'].includes(code)) return 'coordinator_not_secagg';
    return ['bad_signature', 'bad_certificate'].includes(code) ? 'coordinator_other_fleet' : 'coordinator_outdated';
  }
  // Another service of this system has none of the paths.
  return code === 'not_found' || code === 'method_not_allowed' ? 'coordinator_not_secagg' : 'coordinator_refuses';
}

const unreached = (network: string): ContactReason =>
  CERTIFICATE.test(network)
    ? 'coordinator_certificate'
    : TLS.test(network)
      ? 'coordinator_tls'
      : network.startsWith('HPE_')
        ? 'coordinator_not_secagg'
        : 'coordinator_unreachable';
