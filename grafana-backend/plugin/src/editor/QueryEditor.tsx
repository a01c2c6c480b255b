import { QueryEditorProps } from '@grafana/data';
import React from 'react';

import { isWorthAsking } from '../asked';
import { changeType, QUERY_TYPES } from '../defaults';
import { FootfallSource } from '../source';
import { FootfallOptions, FootfallQuery, QueryType } from '../types';
import { EventsBuilder } from './builders/EventsBuilder';
import { BuilderProps, FunnelBuilder } from './builders/FunnelBuilder';
import { LifecycleBuilder } from './builders/LifecycleBuilder';
import { LiveBuilder } from './builders/LiveBuilder';
import { PathsBuilder } from './builders/PathsBuilder';
import { RetentionBuilder } from './builders/RetentionBuilder';
import { SessionsBuilder } from './builders/SessionsBuilder';
import { SpikesBuilder } from './builders/SpikesBuilder';
import { SqlBuilder } from './builders/SqlBuilder';
import { TrendBuilder } from './builders/TrendBuilder';
import { EditingProvider } from './parts/context';
import { ManyChoices } from './parts/Choice';
import { FilterEditor } from './parts/FilterEditor';
import { ProjectPicker } from './parts/Pickers';
import { Field, Row } from './parts/Row';
import { TrafficField } from './parts/TrafficField';
import { PlanPreview } from './PlanPreview';

type Props = QueryEditorProps<FootfallSource, FootfallQuery, FootfallOptions>;

/** What is asked → of which project → how exactly → what it will cost. */
export function QueryEditor({ datasource, query, onChange, onRunQuery, range }: Props) {
  const queryType = query.queryType ?? 'sessions';
  const change = (changed: FootfallQuery) => {
    onChange(changed);
    if (isWorthAsking(query, changed)) {
      onRunQuery();
    }
  };
  const Builder = BUILDERS[queryType];
  return (
    <EditingProvider value={{ suggest: datasource.suggest, project: datasource.projectOf([query]) }}>
      <Row>
        <Field label="Question">
          <ManyChoices<QueryType>
            label="Question"
            width={20}
            value={queryType}
            options={QUERY_TYPES}
            onChange={(type) => change(changeType(query, type))}
          />
        </Field>
        {queryType !== 'sql' && (
          <Field label="Project">
            <ProjectPicker
              label="Project"
              width={20}
              placeholder={datasource.defaultProject || 'project'}
              value={query.project}
              onChange={(project) => change({ ...query, project: project || undefined })}
            />
          </Field>
        )}
        {queryType !== 'sql' && (
          <TrafficField value={query.traffic} onChange={(traffic) => change({ ...query, traffic })} />
        )}
      </Row>
      <Builder query={query} onChange={(changed) => change({ ...query, ...changed })} />
      {queryType !== 'sql' && (
        <FilterEditor label="Filter" filter={query.filter} onChange={(filter) => change({ ...query, filter })} />
      )}
      {queryType !== 'live' && <PlanPreview datasource={datasource} query={query} range={range} />}
    </EditingProvider>
  );
}

const BUILDERS: Record<QueryType, React.ComponentType<BuilderProps>> = {
  sessions: SessionsBuilder,
  funnel: FunnelBuilder,
  trend: TrendBuilder,
  retention: RetentionBuilder,
  lifecycle: LifecycleBuilder,
  stickiness: LifecycleBuilder,
  paths: PathsBuilder,
  events: EventsBuilder,
  annotations: EventsBuilder,
  spikes: SpikesBuilder,
  live: LiveBuilder,
  sql: SqlBuilder,
};
