import { RouterNodeClient } from '@secagg/client';
import { readTokenFile } from '@secagg/host';
import { Option } from 'commander';

/** Given by name for each command, and not taken from the environment: it is sent to whatever URL the command names. */
export const tokenFile = (): Option =>
  new Option('--token-file <file>', 'bearer token of the service at the URL, mode 0600 or 0400');

/** Throws a `HostFault` that names the option. */
export const readToken = (file: string): string => readTokenFile('--token-file', file);

/** @param file bearer token that the node asks for */
export async function withRouterNode<T>(
  url: string,
  file: string | undefined,
  act: (node: RouterNodeClient) => Promise<T>,
): Promise<T> {
  const node = new RouterNodeClient({
    url,
    ...(file === undefined ? {} : { token: readToken(file) }),
  });
  try {
    return await act(node);
  } finally {
    await node.close();
  }
}
