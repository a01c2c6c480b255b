/** The macros that the backend replaces, as in docs/queries/sql.md; a test holds them against that page. */
export interface Macro {
  name: string;
  /** The arguments, as they are inserted. */
  arguments?: string;
  meaning: string;
}

export const MACROS: Macro[] = [
  { name: 'timeFilter', arguments: 'ts', meaning: "the panel's time range" },
  { name: 'timeFilter_ms', arguments: 'ts', meaning: "the panel's time range, to the millisecond" },
  { name: 'dateFilter', arguments: 'date', meaning: "the panel's time range, for a date" },
  { name: 'dateTimeFilter', arguments: 'date, ts', meaning: "the panel's time range, for a date and a time" },
  { name: 'dt', arguments: 'date, ts', meaning: 'short for $__dateTimeFilter' },
  { name: 'timeFrom', arguments: 'ts', meaning: "from the range's start on" },
  { name: 'timeTo', arguments: 'ts', meaning: "until the range's end" },
  { name: 'timeInterval', arguments: 'ts', meaning: "the start of the panel's interval" },
  { name: 'timeInterval_ms', arguments: 'ts', meaning: "the start of the panel's interval, to the millisecond" },
  { name: 'timeGroup', arguments: "ts, '1h'", meaning: 'the start of an interval of that length' },
  { name: 'fromTime', meaning: "the range's start, as a time" },
  { name: 'toTime', meaning: "the range's end, as a time" },
  { name: 'fromTime_ms', meaning: "the range's start, as a time" },
  { name: 'toTime_ms', meaning: "the range's end, as a time" },
  { name: 'from', meaning: "the range's start, in milliseconds since 1970" },
  { name: 'to', meaning: "the range's end, in milliseconds since 1970" },
  { name: 'range_s', meaning: "the range's length in seconds" },
  { name: 'range_ms', meaning: "the range's length in milliseconds" },
  { name: 'interval_s', meaning: "the panel's interval in seconds" },
  { name: 'interval_ms', meaning: "the panel's interval in milliseconds" },
  {
    name: 'conditionalAll',
    arguments: 'country IN ($country), $country',
    meaning: 'the condition, unless all values of the variable are chosen',
  },
  { name: 'adHocFilters', meaning: "the dashboard's ad hoc filters, as a condition on analytics.events" },
];

/** A macro as it is written. */
export const written = ({ name, arguments: of }: Macro) => `$__${name}${of === undefined ? '' : `(${of})`}`;
