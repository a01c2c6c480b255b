import { isNarrowing } from '../filters';
import { Actor, Breakdown, Interval, QueryKind, ScopedQuery } from './common';
import { EventFilter } from './filter';

const DAY_MS = 86_400_000;

/** Conversion from step to step: docs/queries/funnel.md. */
export interface FunnelQuery extends ScopedQuery {
  queryType: 'funnel';
  steps?: FunnelStep[];
  order?: 'ordered' | 'strict' | 'any';
  conversionWindowMs?: number;
  by?: Actor;
  exclusions?: Exclusion[];
  hold?: string;
  breakdown?: FunnelBreakdown;
  open?: boolean;
  result?: string;
  interval?: Interval;
  step?: number;
  outcome?: 'converted' | 'dropped';
  limit?: number;
}

export interface FunnelStep extends EventFilter {
  name?: string;
  optional?: boolean;
  windowMs?: number;
}

export interface Exclusion extends EventFilter {
  afterStep?: number;
  beforeStep?: number;
}

export interface FunnelBreakdown extends Breakdown {
  attribution?: 'first' | 'last' | 'step' | 'all';
  step?: number;
}

export const funnel: QueryKind<FunnelQuery> = {
  picker: { label: 'Funnel', description: 'Conversion and drop-off from step to step, and the time in between' },
  starting: {
    queryType: 'funnel',
    by: 'visitor',
    order: 'ordered',
    conversionWindowMs: 7 * DAY_MS,
    steps: [{ event: 'page_view' }, { event: 'page_view' }],
  },
  hidden: ({ result, order }) => [
    ...(order === 'any' ? (['exclusions', 'open'] as const) : []),
    ...(result === 'trend' ? [] : (['interval'] as const)),
    ...(!result || result === 'steps' || result === 'trend' ? [] : (['breakdown'] as const)),
    ...(result === 'actors' ? [] : (['step', 'outcome', 'limit'] as const)),
  ],
  tidied: (query) => ({
    ...query,
    steps: query.steps?.map((step, at) => (step && !hasWindow(at, query.order) ? withoutWindow(step) : step)),
    exclusions: query.exclusions?.filter(isNarrowing),
  }),
  isComplete: ({ steps }) => Array.isArray(steps) && steps.length > 0,
  isUnfinished: ({ steps }) => Array.isArray(steps) && !steps.every(isNarrowing),
};

/** The first step has no previous step; with any order, no step does. */
export const hasWindow = (at: number, order: FunnelQuery['order']) => at > 0 && order !== 'any';

function withoutWindow({ optional, windowMs, ...step }: FunnelStep): FunnelStep {
  return step;
}
