import { CustomVariableSupport, DataQueryRequest, DataQueryResponse, FieldType } from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { ComponentType } from 'react';
import { from, map, Observable } from 'rxjs';

import { VariableEditor } from './editor/VariableEditor';
import { FootfallSource } from './source';
import { FootfallVariableQuery } from './types';

/** Dashboard variables: projects, events, properties, dimensions, the values of one of them, or cohorts. */
export class VariableSupport extends CustomVariableSupport<FootfallSource, FootfallVariableQuery> {
  // Grafana's type wants an editor for any data source; ours only ever receives our own.
  editor: ComponentType<any> = VariableEditor;

  constructor(private readonly datasource: FootfallSource) {
    super();
  }

  query = (request: DataQueryRequest<FootfallVariableQuery>): Observable<DataQueryResponse> =>
    from(this.names(request.targets[0], request.scopedVars)).pipe(
      map((names) => ({
        data: [{ length: names.length, fields: [{ name: 'text', type: FieldType.string, config: {}, values: names }] }],
      }))
    );

  private names(query: FootfallVariableQuery, scopedVars: DataQueryRequest['scopedVars']): Promise<string[]> {
    const text = (value?: string) => getTemplateSrv().replace(value ?? '', scopedVars, 'raw');
    const project = text(query.project) || this.datasource.defaultProject;
    // Input from the variable's search box, if it has one.
    const search = text(query.search) || (scopedVars?.__searchFilter?.value ?? '');
    const { suggest } = this.datasource;
    switch (query.kind) {
      case 'events':
        return suggest.events(project, search);
      case 'properties':
        return suggest.properties(project, search);
      case 'cohorts':
        return suggest.cohorts(project, search).then((cohorts) => cohorts.map(({ name }) => name));
      case 'dimensions':
        return suggest.dimensions();
      case 'values':
        return query.field ? suggest.values(project, text(query.field), search) : Promise.resolve([]);
      default:
        return suggest.projects();
    }
  }
}
