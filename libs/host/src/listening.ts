import { exitCodes } from './exit-codes';
import { faultOf } from './fault-of';
import { HostFault } from './host-fault';

export interface Where {
  readonly host: string;
  readonly port: number;
  readonly socketPath?: string;
}

/** Listens, or says which setting keeps it from that. Throws {@link HostFault}. */
export async function listening<T>({ host, port, socketPath }: Where, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (socketPath !== undefined) throw socketFault(socketPath, error);
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTFOUND' || code === 'EINVAL')
      throw new HostFault(exitCodes.config, `host (SECAGG_HOST): there is no address ${host}`, { cause: error });
    if (code === 'EAI_AGAIN')
      throw new HostFault(exitCodes.away, `host (SECAGG_HOST): ${host} cannot be looked up now`, { cause: error });
    const { exitCode, message } = faultOf(error);
    if (exitCode === exitCodes.software) throw error;
    const setting = code === 'EADDRNOTAVAIL' ? 'host (SECAGG_HOST)' : 'port (SECAGG_PORT)';
    throw new HostFault(exitCode, `${setting}: cannot listen on ${host}, port ${port}: ${message}`, { cause: error });
  }
}

function socketFault(path: string, error: unknown): unknown {
  const { exitCode, message } = faultOf(error);
  const known = exitCode !== exitCodes.software;
  const code = (error as NodeJS.ErrnoException).code;
  if (!known && code === undefined) return error;
  return new HostFault(
    known ? exitCode : exitCodes.config,
    `socketPath (SECAGG_SOCKET_PATH): cannot listen on ${path}: ${known ? message : code}`,
    { cause: error },
  );
}
