import { getBackendSrv } from '@grafana/runtime';

export const APP_ID = 'footfall-analytics-app';
export const DATASOURCE_ID = 'footfall-analytics-datasource';

/** What the first steps remember. Nothing of it is secret: a browser sends it with every event. */
export interface AppSettings {
  gatewayUrl?: string;
  project?: string;
  datasourceUid?: string;
}

/** Enables the app and keeps its settings; only an administrator may. */
export function keep(jsonData: AppSettings): Promise<unknown> {
  return getBackendSrv().post(`/api/plugins/${APP_ID}/settings`, { enabled: true, pinned: true, jsonData });
}
