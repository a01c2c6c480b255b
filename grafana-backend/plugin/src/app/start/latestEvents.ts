import { CoreApp, DataFrame, DataQueryRequest, DataQueryResponse, dateTime } from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import { lastValueFrom, Observable } from 'rxjs';

import { FootfallQuery } from '../../query';

/** Events of the last minutes, the latest first. */
export interface Arrival {
  atMs: number;
  event: string;
  path: string;
  country: string;
  browser: string;
}

const RANGE_MS = 15 * 60_000;
const SHOWN_MAX = 5;

/**
 * The project's latest events, asked for as a panel does.
 *
 * Throws the data source's own message.
 */
export async function latestEvents(uid: string | undefined, project: string): Promise<Arrival[]> {
  const datasource = await getDataSourceSrv().get(uid);
  const [from, to] = [dateTime(Date.now() - RANGE_MS), dateTime(Date.now() + 60_000)];
  const query: FootfallQuery = { refId: 'A', queryType: 'events', project, limit: SHOWN_MAX };
  const request = {
    requestId: 'footfall-first-steps',
    app: CoreApp.Unknown,
    interval: '1m',
    intervalMs: 60_000,
    range: { from, to, raw: { from, to } },
    scopedVars: {},
    startTime: Date.now(),
    timezone: 'browser',
    targets: [query],
  } as DataQueryRequest;
  const answer = await lastValueFrom(datasource.query(request) as Observable<DataQueryResponse>);
  if (answer.errors?.length) {
    throw new Error(answer.errors[0].message);
  }
  return arrivals(answer.data[0]);
}

function arrivals(frame?: DataFrame): Arrival[] {
  const column = (name: string) => frame?.fields.find((field) => field.name === name)?.values;
  const text = (name: string, row: number) => String(column(name)?.[row] ?? '');
  return Array.from({ length: Math.min(frame?.length ?? 0, SHOWN_MAX) }, (_, row) => ({
    atMs: Number(column('time')?.[row] ?? 0),
    event: text('event', row),
    path: text('path', row),
    country: text('country', row),
    browser: text('browser', row),
  })).sort((one, other) => other.atMs - one.atMs);
}
