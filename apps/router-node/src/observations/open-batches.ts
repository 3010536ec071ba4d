/** Bodies of rows on their way in, and what the rows of each source become. */
import { type IngestStore } from '../ingest/ingest-store';
import { createAliases } from '../ingest/names/aliases';
import { createNames } from '../ingest/names/names';
import { type GenAiSettings, mapLogRecord, mapSpan } from '../ingest/otlp/gen-ai';
import { mapPayload } from '../ingest/litellm/map-payload';
import { mapScore } from '../ingest/reported-score';
import { type Row } from '../ingest/row';
import { type IngestProgress, type IngestStart, type IngestStep } from './ingest-steps';
import { type ObservationStoreOptions } from './observation-store';
import { OpenBatch } from './open-batch';

type Mapper = (value: unknown) => Row | readonly Row[];

export class OpenBatches {
  private readonly open = new Map<number, OpenBatch>();
  private readonly mappers: Readonly<Record<IngestStart['source'], Mapper>>;

  constructor(
    { aliases, mapping }: Pick<ObservationStoreOptions, 'aliases' | 'mapping'>,
    private readonly store: IngestStore,
  ) {
    const { defaultTask, ...attributes } = mapping;
    const names = createNames(createAliases(aliases), defaultTask);
    const settings: GenAiSettings = { ...attributes, names };
    this.mappers = {
      litellm: (value) => mapPayload(value, names),
      traces: (value) => mapSpan(value, settings),
      logs: (value) => mapLogRecord(value, settings),
      scores: mapScore,
    };
  }

  async step({ id, start, given }: IngestStep): Promise<Omit<IngestProgress, 'isFullOfUnlisted'>> {
    const batch = start ? new OpenBatch(start, this.mappers[start.source], this.store) : this.open.get(id);
    if (!batch) throw new Error('no such batch');
    this.open.set(id, batch);
    let isOver = true;
    try {
      const progress = await batch.step(given);
      isOver = progress.result !== undefined;
      return progress;
    } finally {
      if (isOver) this.open.delete(id);
    }
  }
}
