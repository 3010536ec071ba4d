import { type ParsedRow } from '../../src/ingest/json/json-rows';

export async function decodeAll(lists: AsyncIterable<readonly ParsedRow[]>): Promise<ParsedRow[]> {
  const all: ParsedRow[] = [];
  for await (const rows of lists) all.push(...rows);
  return all;
}
