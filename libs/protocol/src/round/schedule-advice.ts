/**
 * What to say of a schedule that its privacy budget does not last for, and what would fit (docs/privacy.md, "What a
 * round costs, and the budget").
 */
import {
  type Budget,
  DAY_MS,
  evenUnits,
  fitSchedule,
  type PlannedRounds,
  rhoToEpsilon,
  unitsToRho,
  windowMs,
} from '@secagg/dp-noise';

export interface Schedule extends PlannedRounds {
  readonly budget: Budget;
  readonly unit: 'router' | 'request';
  /** At which epsilon is stated. */
  readonly delta: number;
}

export interface ScheduleAdvice {
  /** Rounds of the schedule in a window; null for a budget that is for ever. */
  readonly rounds_wanted: number | null;
  readonly rounds_possible: number;
  /** From the first round of a fresh ledger to the first that is refused. */
  readonly refused_after_days: number;
  readonly alternatives: {
    /** The same rounds, this far apart. */
    readonly every_hours: number | null;
    /** As many rounds, each at this epsilon: an allocation of kind `horizon`. */
    readonly even_epsilon: number | null;
    /** The price of every single request where the budget is held to single requests, with rounds for ever. */
    readonly event_epsilon: number | null;
  };
  /** All of it in words. */
  readonly text: string;
}

/** Undefined when the budget lasts. */
export function scheduleAdvice({ budget, unit, delta, ...rounds }: Schedule): ScheduleAdvice | undefined {
  const { wanted, possible, refusedAfterMs } = fitSchedule(budget, rounds);
  if (refusedAfterMs === null) return undefined;
  const epsilon = (units: number): number => rhoToEpsilon(unitsToRho(units), delta);
  const { chargeUnits, costUnits, everyMs } = rounds;
  const isFinite = Number.isFinite(wanted);
  const evenly = isFinite ? evenUnits(budget.units, wanted, costUnits / chargeUnits) : 0;
  const days = budget.window === 'lifetime' ? null : budget.window.days;
  const alternatives = {
    every_hours: days === null || possible === 0 ? null : windowMs(days) / possible / HOUR_MS,
    even_epsilon: evenly > 1 ? epsilon(evenly) : null,
    event_epsilon: unit === 'request' && budget.protects !== 'event' && possible > 0 ? epsilon(chargeUnits) : null,
  };
  const price = short(epsilon(chargeUnits));
  const limit = short(epsilon(budget.units));
  return {
    rounds_wanted: isFinite ? wanted : null,
    rounds_possible: possible,
    refused_after_days: refusedAfterMs / DAY_MS,
    alternatives,
    text:
      possible === 0
        ? `a round at epsilon ${price} costs more than the ${budget.protects === 'event' ? 'limit of a request' : 'whole budget'}, epsilon ${limit}: every round is refused`
        : `a round every ${duration(everyMs)} at epsilon ${price} does not fit the budget of epsilon ${limit} ${days === null ? 'for ever' : `in ${days} days`}: it has room for ${possible}${isFinite ? ` of ${wanted}` : ''} rounds, and the next one is refused ${duration(refusedAfterMs)} after the first. ${inWords(alternatives, wanted)}`,
  };
}

const HOUR_MS = DAY_MS / 24;

function inWords({ every_hours, even_epsilon, event_epsilon }: ScheduleAdvice['alternatives'], wanted: number): string {
  const ways = [
    ...(every_hours === null ? [] : [`a round every ${duration(every_hours * HOUR_MS, 'ceil')}`]),
    ...(even_epsilon === null
      ? []
      : [
          `as many rounds at epsilon ${short(even_epsilon, 'floor')} each, as an allocation of kind \`horizon\` over ${wanted} rounds gives them`,
        ]),
    ...(event_epsilon === null
      ? []
      : [
          `the budget held to single requests (\`event\`), each protected at epsilon ${short(event_epsilon)}, with no end of rounds`,
        ]),
  ];
  return ways.length === 0 ? 'Nothing but fewer rounds fits' : `What fits: ${ways.join('; or ')}`;
}

/** To two digits, or more where that is a whole number; what is offered is rounded to the side that fits. */
function short(value: number, round: 'round' | 'floor' | 'ceil' = 'round'): string {
  const scale = 10 ** Math.max(0, 1 - Math.floor(Math.log10(value)));
  return String(Number((Math[round](value * scale) / scale).toPrecision(6)));
}

function duration(ms: number, round: 'round' | 'ceil' = 'round'): string {
  if (ms >= 2 * DAY_MS) return `${short(ms / DAY_MS, round)} days`;
  if (ms >= HOUR_MS) return `${short(ms / HOUR_MS, round)} h`;
  return ms >= 60_000 ? `${short(ms / 60_000, round)} min` : `${short(ms / 1000, round)} s`;
}
