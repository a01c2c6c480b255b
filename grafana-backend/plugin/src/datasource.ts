import {
  AdHocVariableFilter,
  DataQueryRequest,
  DataQueryResponse,
  DataSourceGetTagKeysOptions,
  DataSourceGetTagValuesOptions,
  DataSourceInstanceSettings,
  DataSourceWithQueryModificationSupport,
  DataSourceWithToggleableQueryFiltersSupport,
  MetricFindValue,
  QueryFilterOptions,
  QueryFixAction,
  ScopedVars,
  ToggleFilterAction,
} from '@grafana/data';
import { DataQuery } from '@grafana/schema';
import { DataSourceWithBackend, getTemplateSrv, TemplateSrv } from '@grafana/runtime';
import { map, Observable, tap } from 'rxjs';

import { annotationSupport } from './annotations';
import { isComplete } from './asked';
import { displayText } from './displayText';
import { imported } from './imported';
import { hasFilter, toggledFilter, withFilter } from './toggledFilter';
import { fillIn } from './interpolate';
import { columnName } from './names/columns';
import { nameColumns } from './names/results';
import { withPartialBuckets } from './partial';
import { suggestions, Suggestions } from './resources';
import { FootfallSource, ProjectOfQuery } from './source';
import { FootfallQuery, startingQuery } from './query';
import { FootfallOptions } from './types';
import { VariableSupport } from './variables';

/** The data source's browser side: it interpolates variables; the backend does the rest. */
export class FootfallDatasource
  extends DataSourceWithBackend<FootfallQuery, FootfallOptions>
  implements
    FootfallSource,
    DataSourceWithToggleableQueryFiltersSupport<FootfallQuery>,
    DataSourceWithQueryModificationSupport<FootfallQuery>
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
    return super.query({ ...request, targets }).pipe(
      tap(({ data }) =>
        nameColumns(
          data,
          targets.map((query) => this.named(query, request.scopedVars))
        )
      ),
      map(withPartialBuckets)
    );
  }

  /** The query by which its columns are named; what is wrong with it is reported where it is sent. */
  private named(query: FootfallQuery, scopedVars: ScopedVars): FootfallQuery {
    try {
      return this.applyTemplateVariables(query, scopedVars);
    } catch {
      return query;
    }
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

  getQueryDisplayText(query: FootfallQuery): string {
    return displayText(query);
  }

  /** A panel's queries when it changes to this data source. */
  importQueries(queries: DataQuery[]): Promise<FootfallQuery[]> {
    return Promise.resolve(imported(queries));
  }

  getSupportedQueryModifications(): string[] {
    return Object.keys(MODIFICATIONS);
  }

  /** Explore's filters for a value, and without it. */
  modifyQuery(query: FootfallQuery, { type, options }: QueryFixAction): FootfallQuery {
    const isOut = MODIFICATIONS[type];
    return isOut === undefined || !options?.key
      ? query
      : withFilter(query, { field: options.key, value: options.value ?? '', isOut });
  }

  toggleQueryFilter(query: FootfallQuery, { type, options }: ToggleFilterAction): FootfallQuery {
    const { key, value = '' } = options;
    return key ? toggledFilter(query, { field: key, value, isOut: type === 'FILTER_OUT' }) : query;
  }

  queryHasFilter(query: FootfallQuery, { key, value = '' }: QueryFilterOptions): boolean {
    return hasFilter(query, key, value);
  }

  /** Ad hoc filter keys: all columns, and the project's properties. */
  async getTagKeys(options?: DataSourceGetTagKeysOptions<FootfallQuery>): Promise<MetricFindValue[]> {
    const project = this.projectOf(options?.queries);
    const [dimensions, properties] = await Promise.all([
      this.suggest.dimensions(),
      this.suggest.properties(project).catch((): string[] => []),
    ]);
    return [
      ...dimensions.map((value) => ({ text: columnName(value), value })),
      ...properties.map((text) => ({ text, value: `property:${text}`, group: 'Properties' })),
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

/** What Explore asks for; whether it leaves the value out. */
const MODIFICATIONS: Record<string, boolean> = { ADD_FILTER: false, ADD_FILTER_OUT: true };
