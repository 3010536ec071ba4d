/**
 * What HTTP and the disk take of every contribution, whatever a coordinator does with it: the floor below its figures.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { portOf } from '@secagg/testbed/ports';
import Database from 'libsql';
import { Pool } from 'undici';

const HTTP_SECONDS = 5;
const DISK_SECONDS = 5;
/** About the length of a signed receipt. */
const REPLY_BYTES = 300;

/** A process of its own that reads bodies, throws them away and answers. Prints its port. */
export function serveEmptyHandler(): void {
  const reply = Buffer.alloc(REPLY_BYTES);
  const server = createServer((request, response) => {
    request
      .on('data', () => undefined)
      .on('end', () =>
        response.writeHead(201, { 'content-type': 'application/cbor', 'content-length': reply.length }).end(reply),
      );
  });
  server.listen(0, '127.0.0.1', () => console.log(String(portOf(server))));
}

/**
 * Requests per second of that process with bodies of this size, over as many connections as the peak was measured with.
 */
export async function httpFloor(script: string, bytes: number, connections: number): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, [script, 'empty-handler'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [string];
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1 });
    const body = new Uint8Array(bytes);
    const endMs = performance.now() + 1000 * HTTP_SECONDS;
    let done = 0;
    const send = async (): Promise<void> => {
      while (performance.now() < endMs) {
        const reply = await pool.request({ method: 'POST', path: '/', body });
        await reply.body.arrayBuffer();
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: connections }, send));
    await pool.destroy();
    return done / HTTP_SECONDS;
  } finally {
    child.kill('SIGKILL');
  }
}

/** Durable inserts of this size per second, `group` of them in a transaction. */
export function diskFloor(path: string, bytes: number, group: number): number {
  const db = new Database(path);
  try {
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    db.exec('CREATE TABLE floor (id INTEGER PRIMARY KEY, body BLOB NOT NULL)');
    const insert = db.prepare('INSERT INTO floor (body) VALUES (?)');
    const body = Buffer.alloc(bytes, 7);
    const startedMs = performance.now();
    let done = 0;
    while (performance.now() - startedMs < 1000 * DISK_SECONDS) {
      db.exec('BEGIN IMMEDIATE');
      for (let i = 0; i < group; i++) insert.run([body]);
      db.exec('COMMIT');
      done += group;
    }
    return done / ((performance.now() - startedMs) / 1000);
  } finally {
    db.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  }
}

/** Milliseconds of one fsync of a page: what a commit cannot be faster than. */
export function fsyncMs(path: string): number {
  const file = openSync(path, 'w', 0o600);
  const page = Buffer.alloc(4096, 1);
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    writeSync(file, page);
    const startedMs = performance.now();
    fsyncSync(file);
    times.push(performance.now() - startedMs);
  }
  closeSync(file);
  rmSync(path);
  return times.sort((a, b) => a - b)[25];
}
