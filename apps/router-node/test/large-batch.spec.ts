/** A batch of LiteLLM far larger than what the node may hold of it. */
import { existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { TestFleet } from './support/fleet';
import { payload } from './support/litellm-payloads';
import { NodeProcess } from './support/node-process';

jest.setTimeout(300_000);

const MIB = 1024 * 1024;
const ROWS = 512;
const PROMPT = 200_000;

/** Most memory the process has had at a time, in bytes. */
const peakOf = (pid: number): number =>
  1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

async function* batch(): AsyncGenerator<Buffer> {
  for (let i = 0; i < ROWS; i++)
    yield await Promise.resolve(Buffer.from(`${i === 0 ? '[' : ','}${JSON.stringify(payload(i, PROMPT))}`));
  yield Buffer.from(']');
}

(existsSync('/proc/self/status') ? it : it.skip)(
  'is read as it comes, in little memory, while others are answered',
  async () => {
    const fleet = new TestFleet({ routers: 1, committee: { size: 1, threshold: 1 } });
    const node = await NodeProcess.start(fleet.environment('router-0', 9));
    try {
      const url = `http://127.0.0.1:${node.port}`;
      const send = async (rows: Readable) => {
        const answer = await request(`${url}/v1/ingest/litellm`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: rows,
          headersTimeout: 200_000,
        });
        return (await answer.body.json()) as { accepted: number };
      };
      // What any batch costs.
      await send(Readable.from([Buffer.from(`[${JSON.stringify(payload(100_000, PROMPT))}]`)]));
      const before = peakOf(node.pid);
      let answered = 0;
      const sending = send(Readable.from(batch()));
      const asking = (async () => {
        for (let done = false; !done; answered += 1) {
          await node.client.status();
          done = await Promise.race([
            sending.then(() => true),
            new Promise<false>((resolve) => setTimeout(resolve, 50, false)),
          ]);
        }
      })();
      expect(await sending).toMatchObject({ accepted: ROWS });
      await asking;
      expect(answered).toBeGreaterThan(3);
      // The body has over 100 MB; as text and objects it would be several times that.
      const grown = (peakOf(node.pid) - before) / MIB;
      expect(grown).toBeLessThan(80);
    } finally {
      await node.stop();
      fleet.remove();
    }
  },
);
