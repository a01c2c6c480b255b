import { FootfallQuery, QueryType } from './types';

export const DAY_MS = 86_400_000;

/** What the backend takes where a query says nothing; editors show these as placeholders. */
export const USUAL = {
  sessions: { limit: 10 },
  funnel: { breakdown: { limit: 10 }, actors: { limit: 100, step: 1 } },
  trend: { breakdown: { limit: 10 } },
  paths: { steps: 5, limit: 20 },
  events: { limit: 200 },
  spikes: { least: 10 },
} as const;

/** The kinds of question, in the order of the picker. */
export const QUERY_TYPES: Array<{ value: QueryType; label: string; description: string }> = [
  {
    value: 'sessions',
    label: 'Sessions',
    description: 'Visits: how many, how long, how deep; over time or by any dimension',
  },
  { value: 'funnel', label: 'Funnel', description: 'How many take one step after another, and how long they need' },
  { value: 'trend', label: 'Trend', description: 'Events and unique visitors over time, split, compared, by formula' },
  { value: 'retention', label: 'Retention', description: 'Who comes back, by the period of the first visit' },
  { value: 'lifecycle', label: 'Lifecycle', description: 'New, returning, resurrecting and dormant visitors' },
  { value: 'stickiness', label: 'Stickiness', description: 'On how many days visitors are there' },
  { value: 'paths', label: 'Paths', description: 'From page to page, onward from a place or back from it' },
  { value: 'events', label: 'Events', description: 'Single events, of one visitor, user or session or of all' },
  { value: 'live', label: 'Live', description: 'Who is there now, as it happens' },
  { value: 'sql', label: 'SQL', description: 'A statement of your own; macros and variables are bound' },
];

/** A query that shows something at once. */
export function startingQuery(queryType: QueryType): Partial<FootfallQuery> {
  switch (queryType) {
    case 'sessions':
      return { queryType, result: 'over_time', interval: 'auto' };
    case 'funnel':
      return {
        queryType,
        by: 'visitor',
        order: 'ordered',
        conversionWindowMs: 7 * DAY_MS,
        steps: [{ event: 'page_view' }, { event: 'page_view' }],
      };
    case 'trend':
      return { queryType, interval: 'auto', series: [{ event: '', measure: 'count' }] };
    case 'retention':
      return { queryType, interval: 'week', firstTime: true };
    case 'lifecycle':
    case 'stickiness':
      return { queryType, interval: 'day' };
    case 'paths':
      return { queryType, node: 'path', direction: 'forward', steps: 4, limit: 10, by: 'session', event: 'page_view' };
    case 'events':
    case 'annotations':
      return { queryType, limit: 200 };
    case 'spikes':
      return { queryType, interval: 'hour' };
    case 'live':
      return { queryType };
    case 'sql':
      return {
        queryType,
        rawSql:
          'SELECT $__timeInterval(ts) AS time, count() AS events\nFROM analytics.events\nWHERE $__timeFilter(ts)\nGROUP BY time\nORDER BY time',
      };
  }
}

/** Another kind of question for the same project and filter; SQL has neither, it says them itself. */
export function changeType(query: FootfallQuery, queryType: QueryType): FootfallQuery {
  const { refId, hide, key, datasource, project, traffic, filter } = query;
  const scope = queryType === 'sql' ? {} : { project, traffic, filter };
  return { refId, hide, key, datasource, ...scope, ...startingQuery(queryType) };
}
