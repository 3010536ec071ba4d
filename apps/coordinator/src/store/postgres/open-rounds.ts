/**
 * Contributions of open rounds, which replicas take in parallel and beside the journal (docs/adr/0030). An open round
 * has lanes, each with room for a part of its contributions. A batch is inserted in one statement that locks one lane,
 * and only while the lane is there; the close deletes the lanes: so it waits for the batches under way, has all that
 * came before it, and nothing comes after.
 */
import { type Bytes, decodeCanonical, encodeCanonical, type PartyId, SecaggError, type Signed } from '@secagg/schema';
import { type Pool, type PoolClient } from 'pg';

export interface NewContribution {
  readonly router: PartyId;
  readonly header: Signed;
  readonly bytes: Bytes;
}

export interface Added {
  readonly routers: ReadonlySet<PartyId>;
  /** The journal has entries that were not known when this was asked for: nothing was added. */
  readonly behind: boolean;
  /** Room that is left in the lane; undefined where the lane is gone. */
  readonly room: number | undefined;
}

export interface Lane {
  readonly lane: number;
  readonly room: number;
  readonly taken: number;
}

const CONTRIBUTIONS_PER_LANE = 64;
/** Batches that are inserted into one round at the same time. */
const LANES = 8;
/** Headers read at once at the close: most have less than a kilobyte. */
const PAGE = 1000;

/** How much room each lane of a round gets. */
export function laneRooms(contributions: number): number[] {
  const lanes = Math.max(1, Math.min(LANES, Math.floor(contributions / CONTRIBUTIONS_PER_LANE)));
  return Array.from({ length: lanes }, (_, i) => Math.floor((contributions + i) / lanes));
}

/**
 * A power of two, so that few statements are prepared: planning one takes the server longer than a small batch itself.
 */
const placesFor = (rows: number): number => 2 ** Math.ceil(Math.log2(rows));

const additions = new Map<number, string>();

function addition(places: number): string {
  const known = additions.get(places);
  if (known !== undefined) return known;
  const given = Array.from(
    { length: places },
    (_, i) => `($${3 * i + 5}::text, $${3 * i + 6}::bytea, $${3 * i + 7}::bytea, ${i + 1})`,
  );
  const text = `
    WITH newest AS MATERIALIZED (SELECT max(id) AS id FROM journal),
    free AS MATERIALIZED (
      SELECT room FROM open_rounds WHERE round_key = $1 AND lane = $2 AND (SELECT id FROM newest) <= $3 FOR UPDATE),
    added AS (
      INSERT INTO contributions (round_key, router, header, bytes)
      SELECT $1, router, header, bytes
      FROM free, (VALUES ${given.join(', ')}) AS given (router, header, bytes, number)
      WHERE number <= least(room, $4::bigint) ORDER BY number
      ON CONFLICT (round_key, router) DO NOTHING RETURNING router),
    counted AS (
      UPDATE open_rounds
      SET room = room - (SELECT count(*) FROM added), taken = taken + (SELECT count(*) FROM added)
      WHERE round_key = $1 AND lane = $2 AND EXISTS (SELECT FROM added))
    SELECT (SELECT array_agg(router) FROM added) AS routers, (SELECT room FROM free) AS room, (SELECT id FROM newest) AS newest`;
  additions.set(places, text);
  return text;
}

export class OpenRounds {
  constructor(private readonly pool: Pool) {}

  /**
   * Adds those whose router has none in the round, as far as there is room in the lane; durable when it resolves.
   * @param position newest entry of the journal that the contributions were checked on
   * @param rows one of a router at most, in increasing order of router: batches that meet wait for each other in the
   * same order
   */
  async add(roundKey: string, lane: number, position: number, rows: readonly NewContribution[]): Promise<Added> {
    const places = placesFor(rows.length);
    const { rows: found } = await this.pool.query<{ routers: PartyId[] | null; room: number | null; newest: number }>({
      name: `add-${places}`,
      text: addition(places),
      values: [
        roundKey,
        lane,
        position,
        rows.length,
        ...rows.flatMap(({ router, header, bytes }) => [router, encodeCanonical(header), bytes]),
        ...Array.from({ length: 3 * (places - rows.length) }, () => null),
      ],
    });
    const [{ routers, room, newest }] = found;
    return {
      routers: new Set(routers ?? []),
      behind: newest > position,
      room: room === null ? undefined : room - (routers?.length ?? 0),
    };
  }

  /** The headers of these routers' contributions, of those that have one beside the journal. */
  async headers(roundKey: string, routers: readonly PartyId[]): Promise<Map<PartyId, Signed>> {
    const { rows } = await this.pool.query<{ router: PartyId; header: Bytes }>(
      'SELECT router, header FROM contributions WHERE round_key = $1 AND router = ANY ($2::text[]) AND header IS NOT NULL',
      [roundKey, routers],
    );
    return new Map(rows.map(({ router, header }) => [router, signedOf(header)]));
  }

  /** None once the round is closed. */
  async lanes(roundKey: string): Promise<Lane[]> {
    const { rows } = await this.pool.query<Lane>('SELECT lane, room, taken FROM open_rounds WHERE round_key = $1', [
      roundKey,
    ]);
    return rows;
  }

  /** Contributions beside the journal, of every open round. */
  async counts(): Promise<Map<string, number>> {
    const { rows } = await this.pool.query<{ round_key: string; taken: number }>(
      'SELECT round_key, sum(taken)::bigint AS taken FROM open_rounds GROUP BY round_key',
    );
    return new Map(rows.map(({ round_key, taken }) => [round_key, taken]));
  }
}

/** In a turn of the journal, with which it becomes durable. */
export interface RoundTurn {
  /** Lets contributions into a round; nothing where that was done before. */
  openRound(roundKey: string, rooms: readonly number[]): Promise<void>;
  /**
   * Waits for the batches under way and lets no more in. Gives the headers of all contributions beside the journal, in
   * pages.
   */
  closeRound(roundKey: string): Promise<Signed[][]>;
}

export const roundTurnOn = (client: PoolClient): RoundTurn => ({
  async openRound(roundKey, rooms) {
    await client.query(
      `INSERT INTO open_rounds (round_key, lane, room)
      SELECT $1, lane - 1, room FROM unnest($2::bigint[]) WITH ORDINALITY AS given (room, lane)
      WHERE NOT EXISTS (SELECT FROM open_rounds WHERE round_key = $1)`,
      [roundKey, rooms],
    );
  },

  async closeRound(roundKey) {
    await client.query('DELETE FROM open_rounds WHERE round_key = $1', [roundKey]);
    // A statement of its own: it sees what the batches have committed that the deletion waited for.
    await client.query(
      `DECLARE headers NO SCROLL CURSOR FOR SELECT header FROM contributions WHERE round_key = '${checkedKey(roundKey)}' AND header IS NOT NULL ORDER BY router COLLATE "C"`,
    );
    const pages: Signed[][] = [];
    for (;;) {
      const { rows } = await client.query<{ header: Bytes }>(`FETCH ${PAGE} FROM headers`);
      if (rows.length > 0) pages.push(rows.map(({ header }) => signedOf(header)));
      if (rows.length < PAGE) break;
    }
    await client.query('CLOSE headers');
    return pages;
  },
});

/** A cursor takes no parameters. */
function checkedKey(roundKey: string): string {
  if (!/^[0-9a-f]+\/\d+$/.test(roundKey)) throw new SecaggError('internal', 'a round has another key');
  return roundKey;
}

const signedOf = (header: Bytes): Signed => decodeCanonical(header) as Signed;
