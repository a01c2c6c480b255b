import {
  AdHocVariableFilter,
  DataQueryRequest,
  DataQueryResponse,
  DataSourceGetTagKeysOptions,
  DataSourceGetTagValuesOptions,
  DataSourceInstanceSettings,
  MetricFindValue,
  ScopedVars,
} from '@grafana/data';
import { DataSourceWithBackend, getTemplateSrv, TemplateSrv } from '@grafana/runtime';
import { map, Observable } from 'rxjs';

import { annotationSupport } from './annotations';
import { isComplete } from './asked';
import { fillIn } from './interpolate';
import { withPartialBuckets } from './partial';
import { suggestions, Suggestions } from './resources';
import { FootfallSource, ProjectOfQuery } from './source';
import { FootfallQuery, startingQuery } from './query';
import { FootfallOptions } from './types';
import { VariableSupport } from './variables';

/** The data source's browser side: it interpolates variables; the backend does the rest. */
export class FootfallDatasource
  extends DataSourceWithBackend<FootfallQuery, FootfallOptions>
  implements FootfallSource
{
  readonly defaultProject: string;
  readonly suggest: Suggestions;
  annotations = annotationSupport;

  constructor(
    settings: DataSourceInstanceSettings<FootfallOptions>,
    private readonly templates: TemplateSrv = getTemplateSrv()
  ) {
    super(settings);
    this.defaultProject = settings.jsonData.defaultProject ?? '';
    this.suggest = suggestions(this);
    this.variables = new VariableSupport(this);
  }

  getDefaultQuery(): Partial<FootfallQuery> {
    return startingQuery('sessions');
  }

  filterQuery(query: FootfallQuery): boolean {
    return !query.hide && isComplete(query);
  }

  /** The viewer's time zone decides where days start. */
  query(request: DataQueryRequest<FootfallQuery>): Observable<DataQueryResponse> {
    const zone = request.timezone === 'browser' ? Intl.DateTimeFormat().resolvedOptions().timeZone : request.timezone;
    const targets = request.targets.map((query) => ({ ...query, timezone: query.timezone || zone }));
    return super.query({ ...request, targets }).pipe(map(withPartialBuckets));
  }

  applyTemplateVariables(query: FootfallQuery, scopedVars: ScopedVars, filters?: AdHocVariableFilter[]): FootfallQuery {
    return fillIn(query, this.templates, scopedVars, filters);
  }

  interpolateVariablesInQueries(
    queries: FootfallQuery[],
    scopedVars: ScopedVars,
    filters?: AdHocVariableFilter[]
  ): FootfallQuery[] {
    return queries.map((query) => ({
      ...this.applyTemplateVariables(query, scopedVars, filters),
      datasource: this.getRef(),
    }));
  }

  /** Ad hoc filter keys: all columns, and the project's properties. */
  async getTagKeys(options?: DataSourceGetTagKeysOptions<FootfallQuery>): Promise<MetricFindValue[]> {
    const project = this.projectOf(options?.queries);
    const [dimensions, properties] = await Promise.all([
      this.suggest.dimensions(),
      this.suggest.properties(project).catch((): string[] => []),
    ]);
    return [
      ...dimensions.map((name) => ({ text: name })),
      ...properties.map((name) => ({ text: `property:${name}`, group: 'Properties' })),
    ];
  }

  async getTagValues(options: DataSourceGetTagValuesOptions<FootfallQuery>): Promise<MetricFindValue[]> {
    const values = await this.suggest.values(this.projectOf(options.queries), options.key);
    return values.map((text) => ({ text }));
  }

  /** The project to suggest from: the first query's, or the default. */
  projectOf(queries: ProjectOfQuery[] = []): string {
    const named = queries.find((query) => query.project)?.project;
    return named ? this.templates.replace(named) : this.defaultProject;
  }
}
