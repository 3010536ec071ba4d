/** The command line in this process. */
import { runCli } from '../../src/program';

export async function secagg(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const lines = { out: [] as string[], err: [] as string[] };
  const status = await runCli(args, { out: (text) => lines.out.push(text), err: (text) => lines.err.push(text) });
  return { status, out: lines.out.join('\n'), err: lines.err.join('\n') };
}

/** What a command that succeeds prints. */
export const json = async (...args: string[]) => {
  const { status, out, err } = await secagg(...args);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  return JSON.parse(out) as Record<string, unknown>;
};
