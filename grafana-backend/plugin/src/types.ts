import { DataSourceJsonData } from '@grafana/data';
import { DataQuery } from '@grafana/schema';

/** Uses the same keys as Grafana's own ClickHouse data source where it has them. */
export interface FootfallOptions extends DataSourceJsonData {
  username?: string;
  defaultProject?: string;
  pageViewEvents?: string[];
  /** What SQL may read besides `analytics`: `database.table` or `database.*`. */
  sqlTables?: string[];
  queryTimeout?: string;
  memoryBytesMax?: number;
  rowsReadMax?: number;
  cacheSeconds?: number;
  compression?: 'auto' | 'lz4' | 'none';
  tlsSkipVerify?: boolean;
  tlsAuth?: boolean;
  tlsAuthWithCACert?: boolean;
  httpHeaders?: HttpHeader[];
  /** Rows of a result of SQL. */
  rowLimit?: number;
  /** Grafana's own key. */
  oauthPassThru?: boolean;
  forwardGrafanaHeaders?: boolean;
}

export interface HttpHeader {
  name: string;
  value?: string;
  secure?: boolean;
}

export interface FootfallSecureOptions {
  password?: string;
  tlsCACert?: string;
  tlsClientCert?: string;
  tlsClientKey?: string;
  /** Secure headers: `secureHttpHeaders.<name>`, as in Grafana's ClickHouse data source. */
  [header: string]: string | undefined;
}

/** A dashboard variable's query. */
export interface FootfallVariableQuery extends DataQuery {
  kind: 'projects' | 'events' | 'properties' | 'dimensions' | 'values' | 'cohorts';
  project?: string;
  field?: string;
  search?: string;
}
