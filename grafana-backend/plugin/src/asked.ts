import { finished } from './filters';
import { EventFilter, FootfallQuery, FunnelStep, QueryType, TrendSeries } from './types';

/**
 * The query as it is asked: only the fields that its question has and its editor shows, without filters that
 * somebody has only begun. What a query keeps of another question or result changes no number.
 */
export function asked(query: FootfallQuery): FootfallQuery {
  const queryType = query.queryType || 'sessions';
  const own = new Set<string>([...GRAFANAS, ...(queryType === 'sql' ? [] : SCOPE), ...OWN[queryType](query)]);
  const kept = Object.fromEntries(Object.entries(query).filter(([name]) => own.has(name))) as FootfallQuery;
  return { ...kept, queryType, ...tidied(kept) };
}

/** Whether there is anything to ask; Grafana shows an empty panel otherwise. */
export function isComplete(query: FootfallQuery): boolean {
  switch (query.queryType) {
    case 'sql':
      return Boolean(query.rawSql?.trim());
    case 'funnel':
      return Array.isArray(query.steps) && query.steps.length > 0;
    default:
      return true;
  }
}

/** Whether an edit is one to ask at once: nothing is only begun, and another answer can come of it. */
export function isWorthAsking(before: FootfallQuery, after: FootfallQuery): boolean {
  const isBegun = after.queryType === 'funnel' && Array.isArray(after.steps) && !after.steps.every(isNarrowing);
  return isComplete(after) && !isBegun && JSON.stringify(asked(before)) !== JSON.stringify(asked(after));
}

type Field = keyof FootfallQuery;

/** What Grafana itself keeps in a query, and the zone that is added to it. */
const GRAFANAS: Field[] = ['refId', 'hide', 'key', 'datasource', 'queryType', 'timezone'];

/** What every question has but SQL, which says it itself. */
const SCOPE: Field[] = ['project', 'traffic', 'filter', 'adhocFilters'];

const EVENTS: Field[] = ['event', 'path', 'eventFilter'];
const only = (condition: boolean, ...fields: Field[]) => (condition ? fields : []);

/** The fields of each question, by how its answer is shown. */
const OWN: Record<QueryType, (query: FootfallQuery) => Field[]> = {
  sessions: ({ result }) => [
    'result',
    ...only(result === 'over_time', 'interval'),
    ...only(result === 'by', 'dimension'),
    ...only(result === 'by' || result === 'list', 'limit'),
    ...only(result !== 'list', 'measures', 'quantiles', 'compare'),
  ],
  funnel: ({ result, order }) => [
    ...only(true, 'result', 'steps', 'order', 'conversionWindowMs', 'by', 'hold'),
    ...only(order !== 'any', 'exclusions', 'open'),
    ...only(result === 'trend', 'interval'),
    ...only(!result || result === 'steps' || result === 'trend', 'breakdown'),
    ...only(result === 'actors', 'step', 'outcome', 'limit'),
  ],
  trend: ({ result, series }) => [
    ...only(true, 'result', 'series', 'breakdown', 'compare', 'cumulative', 'shape'),
    ...only(result !== 'total', 'interval'),
    ...only(series?.length === 2, 'formula'),
  ],
  retention: () => ['start', 'returns', 'interval', 'firstTime', 'unbounded', 'by'],
  lifecycle: () => [...EVENTS, 'interval', 'by'],
  stickiness: () => [...EVENTS, 'interval', 'by'],
  paths: () => [...EVENTS, 'node', 'anchor', 'direction', 'steps', 'limit', 'collapse', 'by', 'result'],
  events: () => [...EVENTS, 'visitor', 'userId', 'sessionId', 'limit'],
  annotations: () => [...EVENTS, 'visitor', 'userId', 'sessionId', 'limit'],
  spikes: () => [...EVENTS, 'interval', 'least'],
  live: () => ['result'],
  sql: () => ['rawSql', 'variables'],
};

/** The fields that have filters, steps or series in them, in the form that is asked. */
function tidied(query: FootfallQuery): Partial<FootfallQuery> {
  const { filter, eventFilter, steps, exclusions, series, start, returns, anchor, breakdown, order } = query;
  const anchored = anchor && finishedEvent(anchor);
  return given({
    filter: finished(filter),
    eventFilter: finished(eventFilter),
    steps: stepsOf(query.queryType, steps, order),
    exclusions: exclusions?.map(finishedEvent).filter(isNarrowing),
    series: series?.map((each: TrendSeries) => finishedEvent(each)),
    start: start && finishedEvent(start),
    returns: returns && finishedEvent(returns),
    anchor: anchored && isNarrowing(anchored) ? anchored : undefined,
    breakdown: breakdown?.dimension ? breakdown : undefined,
  });

  /** Only what the query has, so that nothing is added to it; what is undefined is left out of the JSON. */
  function given(fields: Partial<FootfallQuery>): Partial<FootfallQuery> {
    return Object.fromEntries(Object.entries(fields).filter(([name]) => name in query));
  }
}

/** A funnel's steps are a list, those of paths a number; and what a step of this place cannot have is left out. */
function stepsOf(
  queryType: QueryType | undefined,
  steps: FootfallQuery['steps'],
  order: FootfallQuery['order']
): FootfallQuery['steps'] {
  if (queryType !== 'funnel') {
    return typeof steps === 'number' ? steps : undefined;
  }
  return Array.isArray(steps)
    ? steps.map((step, at) => finishedEvent(hasWindow(at, order) ? step : withoutWindow(step)))
    : undefined;
}

/** The first step has none before it, and in any order no step has. */
export const hasWindow = (at: number, order: FootfallQuery['order']) => at > 0 && order !== 'any';

function withoutWindow({ optional, windowMs, ...step }: FunnelStep): FunnelStep {
  return step;
}

function finishedEvent<T extends EventFilter>(of: T): T {
  return 'filter' in of ? { ...of, filter: finished(of.filter) } : of;
}

const isNarrowing = ({ event, path, filter }: EventFilter) =>
  Boolean(event?.length || path?.length || finished(filter));
