import { MODELS } from './models';

const PROPERTY = 'property:';
const SESSION = 'session:';

/** The columns of events by which results can be filtered and split. */
const DIMENSIONS: Readonly<Record<string, string>> = {
  app_version: 'App version',
  as_organization: 'Network',
  bot: 'Bot',
  browser: 'Browser',
  browser_version: 'Browser version',
  channel: 'Channel',
  city: 'City',
  country: 'Country',
  device_brand: 'Device brand',
  device_model: 'Device model',
  device_type: 'Device type',
  event: 'Event',
  hostname: 'Host name',
  locale: 'Locale',
  os: 'Operating system',
  os_version: 'Operating system version',
  path: 'Page',
  referrer_host: 'Referrer host',
  referrer_source: 'Referrer source',
  region: 'Region',
  title: 'Title',
  user_id: 'User',
  utm_campaign: 'Campaign',
  utm_content: 'Campaign content',
  utm_medium: 'Campaign medium',
  utm_source: 'Campaign source',
  utm_term: 'Campaign term',
};

/**
 * What people call the columns of results and events: the one list behind editors, legends, tables and exports. A name
 * that is not here, such as a column of SQL, is shown as it is.
 */
export const COLUMNS: Readonly<Record<string, string>> = {
  ...DIMENSIONS,

  // Further columns of events and sessions.
  entry_path: 'Entry page',
  exit_path: 'Exit page',
  properties: 'Properties',
  session_id: 'Session',
  visitor: 'Visitor',

  // Measures.
  avg_duration_s: 'Average duration',
  bounce_rate: 'Bounce rate',
  events: 'Events',
  events_per_s: 'Events per second',
  median_duration_s: 'Median duration',
  p90_duration_s: 'Duration, 90th percentile',
  page_views: 'Page views',
  pages_per_session: 'Pages per session',
  sessions: 'Sessions',
  visitors: 'Visitors',

  // Beside an earlier range.
  p_value: 'Probability by chance',
  significant: 'More than chance',

  // Attribution.
  ...MODELS,
  touched: 'Conversions with it',

  // Results of funnels, retention, lifecycle, stickiness and paths and cohorts.
  avg_s: 'Average time',
  active: 'Active',
  changed: 'Changed',
  cohort: 'Cohort',
  complete: 'Complete',
  converted: 'Converted',
  count: 'Count',
  description: 'Description',
  dormant: 'Dormant',
  drop_off: 'Dropped off',
  duration_s: 'Duration',
  entered: 'Entered',
  high: 'Upper bound',
  in: 'Active in',
  kind: 'Kind',
  last_step: 'Last step',
  low: 'Lower bound',
  mature: 'Complete',
  mean_rate: 'Mean rate',
  members: 'Members',
  median_s: 'Median time',
  never_entered: 'Never entered',
  new: 'New',
  p90_s: 'Time, 90th percentile',
  period: 'Period',
  periods: 'Periods',
  persons: 'Persons',
  problem: 'Problem',
  rate: 'Conversion rate',
  resurrecting: 'Resurrecting',
  returning: 'Returning',
  size: 'Size',
  source: 'From',
  spread: 'Spread',
  step: 'Step',
  step_rate: 'Rate from the previous step',
  target: 'To',
  time: 'Time',
  time_s: 'Time taken',
  up_to_s: 'Up to',
  usual: 'Usual',
  within: 'Within',
};

/** The same column of what a session began with. */
export const entryColumn = (column: string) => `${SESSION}${column}`;

/** Whether it is a column of what a session began with. */
export const isEntry = (column: string) => column.startsWith(SESSION);

/** The column that a person means: by its name for people, by its own name, or whatever they typed. */
export function columnMeant(text: string): string {
  const wanted = text.trim().toLowerCase();
  const meant = Object.entries(DIMENSIONS).find(([, name]) => name.toLowerCase() === wanted);
  return meant?.[0] ?? text;
}

/** Whether a filter can test the column. */
export const isDimension = (column: string) => Object.hasOwn(DIMENSIONS, column);

/** The name of a column, of a property, or of what a session began with: `Entry channel`. */
export function columnName(column: string): string {
  if (column.startsWith(SESSION)) {
    const [first, ...rest] = columnName(column.slice(SESSION.length));
    return `Entry ${first.toLowerCase()}${rest.join('')}`;
  }
  if (column.startsWith(PROPERTY)) {
    return column.slice(PROPERTY.length);
  }
  return Object.hasOwn(COLUMNS, column) ? COLUMNS[column] : column;
}
