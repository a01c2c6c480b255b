import { DataSourceApi, DataSourcePlugin, PanelPlugin } from '@grafana/data';

/** The plugins that the page shows, loaded as Grafana loads them. */
export interface Plugins {
  source: DataSourcePlugin<DataSourceApi>;
  datasource: DataSourceApi;
  panels: Record<string, PanelPlugin>;
}
