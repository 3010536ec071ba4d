import pg from 'pg';

const SECONDS = 5;

/**
 * Rows of this size that one connection makes durable per second, `batch` of them in a statement: what PostgreSQL takes
 * of it at least.
 */
export async function bareInserts(url: string, bytes: number, batch: number): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query('CREATE TABLE floor (id bigserial PRIMARY KEY, body bytea NOT NULL)');
    await client.query('ALTER TABLE floor ALTER COLUMN body SET STORAGE EXTERNAL');
    const text = `INSERT INTO floor (body) VALUES ${Array.from({ length: batch }, (_, i) => `($${i + 1})`).join(', ')}`;
    const values = Array.from({ length: batch }, () => Buffer.alloc(bytes, 7));
    const startedMs = performance.now();
    let done = 0;
    while (performance.now() - startedMs < 1000 * SECONDS) {
      await client.query({ name: 'bare', text, values });
      done += batch;
    }
    return done / ((performance.now() - startedMs) / 1000);
  } finally {
    await client.end();
  }
}
