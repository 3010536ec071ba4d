/** What has become of values since the start of the node, for its operator: in answers, status, metrics and the log. */
import { type RouterNodeStatus } from '@secagg/client';
import { type RouterNodeMetrics } from '@secagg/metrics';
import { type RoundLayout } from '@secagg/schema';
import { type Logger } from 'pino';
import {
  boundsOf,
  DEFAULT_BOUNDS,
  MAX_KEYS,
  OTHER_KEYS,
  type ValueBounds,
  type ValueCounts,
  type ValueField,
  type ValueNotes,
} from './count-values';

type ValueStatus = NonNullable<RouterNodeStatus['values']>;

/** Values that weigh in the judgement whether nearly all are too large: later ones more. */
const MEMORY = 100;
const FEWEST = 3;
const SUSPICIOUS_SHARE = 0.9;
const HARMLESS_SHARE = 0.5;

const SUSPICIONS: Readonly<Partial<Record<ValueField, string>>> = {
  latency_s: 'are they milliseconds? It is seconds that are expected',
  cost_usd: 'are they cents, or a price for a million tokens? It is USD for the whole request that are expected',
};

interface Recent {
  seen: number;
  clipped: number;
  suspected: boolean;
}

export class ValueLog {
  private layoutBounds: ValueBounds | undefined;
  private isAnnounced = false;
  private listed: ReadonlySet<string> = new Set();
  private readonly totals = { clipped: new Totals(), dropped: new Totals() };
  private readonly recent = new Map<ValueField, Recent>();

  constructor(
    private readonly metrics: Pick<RouterNodeMetrics, 'valuesClipped' | 'valuesDropped'>,
    private readonly log: Pick<Logger, 'warn' | 'info'>,
  ) {}

  get bounds(): ValueBounds {
    return this.layoutBounds ?? DEFAULT_BOUNDS;
  }

  /** A round was announced, or what the coordinator says that the next one will be. */
  learn(layout: Pick<RoundLayout, 'keys' | 'fields'>, from: 'announced' | 'planned' = 'announced'): void {
    if (from === 'planned' && this.isAnnounced) return;
    this.isAnnounced = from === 'announced';
    this.layoutBounds = boundsOf(layout);
    this.listed = new Set(layout.keys);
  }

  /** @returns warnings for the sender of these values */
  add({ clipped, dropped, bounded }: ValueNotes): string[] {
    this.count('clipped', clipped, this.metrics.valuesClipped);
    this.count('dropped', dropped, this.metrics.valuesDropped);
    for (const [field, values] of entries(bounded)) this.judge(field, values, sum(clipped[field]));
    return this.warnings()
      .filter(({ field }) => clipped[field] !== undefined)
      .map(({ text }) => text);
  }

  status(): ValueStatus {
    const { latency_s, cost_usd = null } = this.bounds;
    return {
      bounds: { latency_s, cost_usd_per_token: cost_usd },
      bounds_known: this.layoutBounds !== undefined,
      clipped: this.totals.clipped.counts(),
      dropped: this.totals.dropped.counts(),
      warnings: this.warnings().map(({ text }) => text),
    };
  }

  /** Only keys of the catalogue, which are public, become labels. */
  private count(
    kind: 'clipped' | 'dropped',
    counts: ValueCounts,
    metric: (field: string, key: string | undefined, count: number) => void,
  ): void {
    for (const [field, keys] of entries(counts))
      for (const [key, count] of Object.entries(keys)) {
        this.totals[kind].add(field, key, count);
        metric(field, this.listed.has(key) ? key : undefined, count);
      }
  }

  private judge(field: ValueField, values: number, clipped: number): void {
    const before = this.recent.get(field) ?? { seen: 0, clipped: 0, suspected: false };
    const kept = Math.max(0, 1 - values / MEMORY);
    const seen = before.seen * kept + values;
    const share = (before.clipped * kept + clipped) / seen;
    const suspected = Math.round(seen) >= FEWEST && share >= (before.suspected ? HARMLESS_SHARE : SUSPICIOUS_SHARE);
    this.recent.set(field, { seen, clipped: share * seen, suspected });
    if (suspected && !before.suspected)
      this.log.warn(
        { field, bound: this.bounds[field as 'latency_s'] },
        'nearly all values of a field are above its bound: wrong unit?',
      );
    if (!suspected && before.suspected) this.log.info({ field }, 'values of a field are within its bound again');
  }

  private warnings(): { field: ValueField; text: string }[] {
    return [...this.recent].flatMap(([field, { seen, clipped, suspected }]) => {
      const what = SUSPICIONS[field];
      if (!suspected || what === undefined) return [];
      const share = Math.round((100 * clipped) / seen);
      const bound = field === 'latency_s' ? `${this.bounds.latency_s} s` : `${this.bounds.cost_usd} USD per token`;
      return [
        {
          field,
          text: `${field}: ${share} % of the latest values are above the bound of ${bound} and count as it: ${what}`,
        },
      ];
    });
  }
}

class Totals {
  private readonly byField = new Map<ValueField, Map<string, number>>();

  add(field: ValueField, key: string, count: number): void {
    const keys = this.byField.get(field) ?? new Map<string, number>();
    this.byField.set(field, keys);
    const shown = keys.has(key) || keys.size < MAX_KEYS ? key : OTHER_KEYS;
    keys.set(shown, (keys.get(shown) ?? 0) + count);
  }

  counts(): Record<string, Record<string, number>> {
    return Object.fromEntries([...this.byField].map(([field, keys]) => [field, Object.fromEntries(keys)]));
  }
}

const entries = <V>(record: Readonly<Partial<Record<ValueField, V>>>): [ValueField, V][] =>
  Object.entries(record) as [ValueField, V][];
const sum = (counts: Readonly<Record<string, number>> = {}): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);
