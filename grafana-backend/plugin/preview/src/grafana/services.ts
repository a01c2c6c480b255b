import { DataSourceApi, DataSourceInstanceSettings, PluginType } from '@grafana/data';
import {
  BackendSrv,
  BackendSrvRequest,
  config,
  DataSourceSrv,
  EchoSrv,
  FetchResponse,
  setBackendSrv,
  setDataSourceSrv,
  setEchoSrv,
  setGrafanaLiveSrv,
  setTemplateSrv,
} from '@grafana/runtime';
import { from, Observable } from 'rxjs';

import { liveService } from './live';
import { templates } from './templates';

export const UID = 'footfall';
export const TYPE = 'footfall-analytics-datasource';

/** The services plugins expect from Grafana, provided by the preview host. */
export function provideServices(datasource: () => DataSourceApi) {
  setBackendSrv(backend as unknown as BackendSrv);
  setTemplateSrv(templates);
  setGrafanaLiveSrv(liveService);
  setEchoSrv({ flush: () => {}, addBackend: () => {}, addEvent: () => {} } as unknown as EchoSrv);
  setDataSourceSrv({
    get: () => Promise.resolve(datasource()),
    getInstanceSettings: () => instanceSettings(),
    getList: () => [instanceSettings()],
    reload: () => {},
    registerRuntimeDataSource: () => {},
  } as unknown as DataSourceSrv);
  config.datasources = { Footfall: instanceSettings() };
}

/** The preview's only data source. */
export function instanceSettings(): DataSourceInstanceSettings {
  return {
    id: 1,
    uid: UID,
    type: TYPE,
    name: 'Footfall',
    access: 'proxy',
    readOnly: false,
    jsonData: { defaultProject: templates.project() } as object,
    meta: {
      id: TYPE,
      name: 'Footfall',
      type: PluginType.datasource,
      module: '',
      baseUrl: '',
      info: {
        author: { name: 'Footfall' },
        description: '',
        links: [],
        logos: { small: '', large: '' },
        screenshots: [],
        updated: '',
        version: '',
      },
    },
  };
}

const backend = {
  fetch: <T>(options: BackendSrvRequest): Observable<FetchResponse<T>> => from(send<T>(options)),
  get: (url: string, params?: Record<string, unknown>) => plain({ url, method: 'GET', params }),
  post: (url: string, data?: unknown) => plain({ url, method: 'POST', data }),
  datasourceRequest: (options: BackendSrvRequest) => send(options),
};

async function plain(options: BackendSrvRequest) {
  return (await send(options)).data;
}

async function send<T>(options: BackendSrvRequest): Promise<FetchResponse<T>> {
  const url = new URL(options.url.startsWith('/') ? options.url : `/${options.url}`, window.location.origin);
  for (const [name, value] of Object.entries(options.params ?? {})) {
    if (value !== undefined) {
      url.searchParams.set(name, String(value));
    }
  }
  const response = await fetch(url, {
    method: options.method ?? 'GET',
    body: options.data === undefined ? undefined : JSON.stringify(options.data),
    headers: { 'Content-Type': 'application/json' },
  });
  const data = await response.json();
  const answer = {
    data,
    status: response.status,
    statusText: response.statusText,
    ok: response.ok,
    headers: response.headers,
    redirected: false,
    type: response.type,
    url: response.url,
    config: options,
  };
  if (!response.ok) {
    throw { ...answer, data };
  }
  return answer as FetchResponse<T>;
}
