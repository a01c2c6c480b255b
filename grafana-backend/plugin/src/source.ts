import { DataSourceWithBackend } from '@grafana/runtime';

import { Suggestions } from './resources';
import { FootfallOptions, FootfallQuery } from './types';

/** The datasource as its editors know it: apart from the class, which itself names its editors. */
export interface FootfallSource extends DataSourceWithBackend<FootfallQuery, FootfallOptions> {
  readonly defaultProject: string;
  readonly suggest: Suggestions;
  /** The project that suggestions are of. */
  projectOf(queries?: FootfallQuery[]): string;
}
