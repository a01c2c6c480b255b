import { DataSourceWithBackend } from '@grafana/runtime';

import { Suggestions } from './resources';
import { FootfallQuery } from './query';
import { FootfallOptions } from './types';

/** The data source as its editors see it; separate from the class, which imports the editors. */
export interface FootfallSource extends DataSourceWithBackend<FootfallQuery, FootfallOptions> {
  readonly defaultProject: string;
  readonly suggest: Suggestions;
  /** The project to suggest from. */
  projectOf(queries?: ProjectOfQuery[]): string;
}

/** The project of a query; SQL has none. */
export type ProjectOfQuery = { queryType?: string; project?: string };
