import { DataSourcePlugin } from '@grafana/data';

import { ConfigEditor } from './config/ConfigEditor';
import { FootfallDatasource } from './datasource';
import { QueryEditor } from './editor/QueryEditor';
import { FootfallQuery } from './query';
import { FootfallOptions, FootfallSecureOptions } from './types';

export const plugin = new DataSourcePlugin<FootfallDatasource, FootfallQuery, FootfallOptions, FootfallSecureOptions>(
  FootfallDatasource
)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor);
