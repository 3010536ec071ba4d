import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from '@secagg/testbed/ports';
import { json, secagg } from '../../test/support/secagg';

/** As a router-node answers: without aliases, and as if those of the request were its own. */
const now = {
  catalogue: 'announced',
  listed: 2,
  unlisted: 5,
  keys: [
    {
      key: 'gpt-4o-2024:chat',
      waiting: 4,
      counts_as: 'gpt-4o-2024:chat',
      verdict: 'unknown_model',
      nearest: 'gpt-4o:chat',
    },
    { key: 'gpt-4o:chat', waiting: 2, counts_as: 'gpt-4o:chat', verdict: 'listed' },
    { key: 'x:y:z', waiting: 1, counts_as: 'x:y:z', verdict: 'no_key' },
  ],
};
const renamed = {
  ...now,
  listed: 6,
  unlisted: 1,
  keys: [{ ...now.keys[0], counts_as: 'gpt-4o:chat', verdict: 'listed' }, ...now.keys.slice(1)],
};

let folder: string;
let server: Server;
let url: string;
let asked: { line: string; body: string }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secagg-names-'));
  asked = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({ line: `${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim(), body });
      const refused = body.includes('"*"');
      const answer = refused
        ? {
            type: 'urn:secagg:problem:invalid',
            title: '',
            status: 422,
            code: 'invalid',
            detail: 'models: a pattern is too wide',
          }
        : request.method === 'POST'
          ? renamed
          : now;
      response
        .writeHead(refused ? 422 : 200, { 'content-type': refused ? 'application/problem+json' : 'application/json' })
        .end(JSON.stringify(answer));
    });
  });
  url = await listen(server);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const aliases = (content: string) => {
  const path = join(folder, 'aliases.json');
  writeFileSync(path, content);
  return path;
};

describe('secagg names', () => {
  it('lists what waits, why rounds do not take it, and what may be meant', async () => {
    const { status, out, err } = await secagg('names', url);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out.split('\n')).toEqual([
      'catalogue: of the last round',
      'waiting observations: 2 in the catalogue, 5 not',
      '        4  gpt-4o-2024:chat, the catalogue has no such model, perhaps gpt-4o:chat is meant',
      '        2  gpt-4o:chat, in the catalogue',
      '        1  x:y:z, does not make a key: a task holds no ":"',
    ]);
    expect(asked).toEqual([{ line: 'GET /v1/names', body: '' }]);
  });

  it('tries aliases of a file: asks with them, changes nothing, and shows what each key would count as', async () => {
    const rules = { models: { 'gpt-4o-*': 'gpt-4o' } };
    const { status, out } = await secagg('names', url, '--aliases', aliases(JSON.stringify(rules)));
    expect(status).toBe(0);
    expect(out).toContain('waiting observations: 6 in the catalogue, 1 not');
    expect(out).toContain('4  gpt-4o-2024:chat, counts as gpt-4o:chat, in the catalogue');
    expect(asked.map(({ line }) => line)).toEqual(['POST /v1/names']);
    expect(JSON.parse(asked[0].body)).toEqual(rules);
    expect(await json('names', url, '--json', '--aliases', aliases(JSON.stringify(rules)))).toEqual(renamed);
  });

  it('refuses a file that is no JSON, without asking, and says what the node refuses', async () => {
    const none = await secagg('names', url, '--aliases', aliases('{'));
    expect(none).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringContaining('cannot be read as JSON') as string,
    });
    expect(asked).toEqual([]);
    const refused = await secagg('names', url, '--aliases', aliases('{"models":{"*":"x"}}'));
    expect(refused).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringContaining('a pattern is too wide') as string,
    });
  });

  it('shows the token of a file', async () => {
    const token = join(folder, 'token');
    writeFileSync(token, 'correct-horse-battery', { mode: 0o600 });
    await json('names', url, '--json', '--token-file', token);
    expect(asked.map(({ line }) => line)).toEqual(['GET /v1/names Bearer correct-horse-battery']);
  });
});
