import { DataSourceWithBackend } from '@grafana/runtime';

import { Suggestions } from './resources';
import { FootfallQuery } from './query';
import { FootfallOptions } from './types';

/** The datasource as its editors know it: apart from the class, which itself names its editors. */
export interface FootfallSource extends DataSourceWithBackend<FootfallQuery, FootfallOptions> {
  readonly defaultProject: string;
  readonly suggest: Suggestions;
  /** The project that suggestions are of. */
  projectOf(queries?: ProjectOfQuery[]): string;
}

/** A query as far as its project goes; SQL names none. */
export type ProjectOfQuery = { queryType?: string; project?: string };
