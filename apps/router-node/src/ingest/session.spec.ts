import { SecaggError } from '@secagg/schema';
import { type IncomingRow, type RowOutcome } from './ingest-store';
import { type ParsedRow } from './json/json-rows';
import { type Row } from './row';
import { IngestSession } from './session';
import { DEFAULT_BOUNDS, type ValueNotes } from './values/count-values';

const observation = { model: 'm', task: 't', success: true, latency_s: 1 };
const row = (change: object = {}): Row => ({
  kind: 'observation',
  observation: { ...observation, ...change },
  dropped: [],
});

/** A store that answers with these outcomes, and what it was given. */
function sessionWith(outcomes: (row: IncomingRow, place: number) => RowOutcome) {
  const commits: IncomingRow[][] = [];
  const acceptRows = (rows: readonly IncomingRow[]) => {
    commits.push([...rows]);
    return Promise.resolve(rows.map(outcomes));
  };
  const noted: ValueNotes[] = [];
  const map = (value: unknown): Row | Row[] => {
    if (value instanceof Error) throw value;
    return value as Row | Row[];
  };
  const onNotes = (notes: ValueNotes): unknown => noted.push(notes);
  return {
    session: new IngestSession(map, { store: { acceptRows }, bounds: DEFAULT_BOUNDS, onNotes }),
    commits,
    noted,
  };
}
async function* lists(...given: unknown[][]): AsyncGenerator<ParsedRow[]> {
  let index = 0;
  for (const list of given)
    yield await Promise.resolve(
      list.map((value) =>
        value === 'no JSON'
          ? { index: index++, problem: new SecaggError('malformed', 'no JSON') }
          : { index: index++, value },
      ),
    );
}

it('answers for every row by itself', async () => {
  const { session, commits, noted } = sessionWith(
    (_, place) => (['accepted', 'duplicate', 'taken', 'accepted', 'full'] as const)[place],
  );
  const { answer } = await session.read(
    lists(
      [
        row(),
        { kind: 'skip', reason: 'cache_hit' },
        new SecaggError('invalid', 'latency_s: bad', { path: 'latency_s' }),
      ],
      ['no JSON', row(), { kind: 'score', request: ['id:x'], quality: 1 }, [row({ latency_s: 100 }), row()]],
    ),
  );
  expect(answer).toEqual({
    accepted: 2,
    skipped: { cache_hit: 1, duplicate: 1, request_taken: 1 },
    rejected: [
      { index: 2, code: 'invalid', message: 'latency_s: bad', path: 'latency_s' },
      { index: 3, code: 'malformed', message: 'no JSON' },
      { index: 6, code: 'overloaded', message: expect.any(String) },
    ],
    clipped: { latency_s: { 'm:t': 1 } },
  });
  expect(commits).toHaveLength(1);
  expect(noted).toEqual([{ clipped: { latency_s: { 'm:t': 1 } }, dropped: {}, bounded: { latency_s: 2 } }]);
});

it('makes rows durable as they come, and lists a bounded number of refused ones', async () => {
  const { session, commits } = sessionWith(() => 'accepted');
  const bad = new SecaggError('invalid', 'bad');
  const many = Array.from({ length: 12 }, () => [...Array<Row>(250).fill(row()), ...Array<unknown>(1000).fill(bad)]);
  const { answer } = await session.read(lists(...many));
  expect(commits.map(({ length }) => length)).toEqual([1000, 1000, 1000]);
  expect(answer).toMatchObject({ accepted: 3000, rejected_not_listed: 2000 });
  expect(answer.rejected).toHaveLength(10_000);
});

it('says what has become of the rows before a body that breaks off', async () => {
  const { session, commits } = sessionWith(() => 'accepted');
  const broken = async function* () {
    yield* lists([row(), new SecaggError('invalid', 'bad')]);
    throw new SecaggError('malformed', 'the body is no JSON from some row on');
  };
  expect(await session.read(broken())).toMatchObject({
    answer: { accepted: 1, skipped: {}, rejected: [{ index: 1, code: 'invalid' }] },
    problem: { code: 'malformed' },
  });
  expect(commits).toHaveLength(1);
});

it('refuses a body of which there was room for nothing, so that it comes again', async () => {
  const { session } = sessionWith(() => 'full');
  expect(await session.read(lists([row(), row()]))).toMatchObject({ problem: { code: 'overloaded' } });
  const refused = await sessionWith(() => 'full').session.read(lists([new SecaggError('invalid', 'bad')]));
  expect(refused).toMatchObject({ answer: { accepted: 0 } });
  expect(refused.problem).toBeUndefined();
});

it('names a bounded number of keys', async () => {
  const { session, noted } = sessionWith(() => 'accepted');
  const slow = Array.from({ length: 2500 }, (_, i) => row({ task: `t${i}`, latency_s: 100 }));
  const { answer } = await session.read(lists(slow.slice(0, 1500), slow.slice(1500)));
  const clipped = answer.clipped?.latency_s ?? {};
  expect([Object.keys(clipped).length, clipped['(other keys)']]).toEqual([1001, 1500]);
  // What is counted for the operator is complete.
  expect(noted.flatMap((notes) => Object.keys(notes.clipped.latency_s ?? {}))).toHaveLength(2500);
});
