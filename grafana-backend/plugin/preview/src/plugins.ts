import { AppPlugin, DataSourceApi, DataSourcePlugin, PanelPlugin } from '@grafana/data';

/** The plugins that the page shows, loaded as Grafana loads them. */
export interface Plugins {
  source: DataSourcePlugin<DataSourceApi>;
  datasource: DataSourceApi;
  app: AppPlugin;
  panels: Record<string, PanelPlugin>;
}
