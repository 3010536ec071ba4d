/** Connections to one service: directly, over a Unix socket, or through the proxy that the environment names. */
import { SecaggError } from '@secagg/schema';
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { type ServiceUrl } from './service-url';

export interface DispatcherOptions {
  readonly connections: number;
  /** Certificate authorities in PEM, where the system's do not apply. */
  readonly ca?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const CONNECT_TIMEOUT_MS = 5000;
/**
 * An idle connection is closed here first, so that none is used that the service, or a proxy before it, is just
 * closing.
 */
const KEEP_ALIVE_MS = 50_000;
/** What stays on this machine never goes through a proxy: observations would leave it. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * @param environment HTTPS_PROXY, HTTP_PROXY and NO_PROXY count, in capitals or not. Throws `invalid` for one that is
 * no URL.
 */
export function dispatcherTo(
  { origin, socketPath }: ServiceUrl,
  { connections, ca }: DispatcherOptions,
  environment: Environment = process.env,
): Dispatcher {
  const tls = ca === undefined ? {} : { ca };
  const common = { connections, pipelining: 1, keepAliveMaxTimeout: KEEP_ALIVE_MS };
  const connect = { timeout: CONNECT_TIMEOUT_MS, ...tls, ...(socketPath === undefined ? {} : { socketPath }) };
  const proxies = proxiesOf(environment);
  if (socketPath !== undefined || !proxies) return new Pool(origin, { ...common, connect });
  // A tunnel only for TLS: proxies commonly refuse one to any other port.
  return new EnvHttpProxyAgent({ ...common, ...proxies, connect, requestTls: tls, proxyTunnel: false });
}

function proxiesOf(environment: Environment) {
  const [http, https, none] = ['http_proxy', 'https_proxy', 'no_proxy'].map(
    (name) => environment[name] ?? environment[name.toUpperCase()],
  );
  if (!http && !https) return undefined;
  for (const proxy of [http, https])
    if (proxy && !/^https?:\/\/./.test(proxy))
      throw new SecaggError('invalid', 'HTTP_PROXY and HTTPS_PROXY hold the http:// or https:// URL of a proxy');
  return {
    // Empty, and not undefined, where there is none: the agent would look it up itself.
    httpProxy: http ?? '',
    httpsProxy: https ?? '',
    noProxy: none?.trim() === '*' ? '*' : [none ?? '', ...LOOPBACK].join(','),
  };
}
