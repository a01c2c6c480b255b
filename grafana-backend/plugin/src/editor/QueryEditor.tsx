import { CoreApp, QueryEditorProps } from '@grafana/data';
import { Alert } from '@grafana/ui';
import React from 'react';

import { alertLabels, whyNoAlert } from '../alerting';
import { isWorthAsking } from '../asked';
import { FootfallSource } from '../source';
import { changeType, FootfallQuery, QUERY_TYPES, QueryOf, QueryType } from '../query';
import { FootfallOptions } from '../types';
import { AttributionBuilder } from './builders/AttributionBuilder';
import { CohortsBuilder } from './builders/CohortsBuilder';
import { EventsBuilder } from './builders/EventsBuilder';
import { FunnelBuilder } from './builders/FunnelBuilder';
import { LifecycleBuilder } from './builders/LifecycleBuilder';
import { LiveBuilder } from './builders/LiveBuilder';
import { PathsBuilder } from './builders/PathsBuilder';
import { BuilderProps } from './builders/props';
import { RetentionBuilder } from './builders/RetentionBuilder';
import { SessionsBuilder } from './builders/SessionsBuilder';
import { SpikesBuilder } from './builders/SpikesBuilder';
import { SqlBuilder } from './builders/SqlBuilder';
import { TrendBuilder } from './builders/TrendBuilder';
import { EditingProvider } from './parts/context';
import { ManyChoices } from './parts/Choice';
import { PersonFilterEditor } from './parts/PersonFilterEditor';
import { ProjectPicker } from './parts/Pickers';
import { Field, Row } from './parts/Row';
import { TrafficField } from './parts/TrafficField';
import { PlanPreview } from './PlanPreview';

type Props = QueryEditorProps<FootfallSource, FootfallQuery, FootfallOptions>;

/** Query type → project → details → estimated cost. */
export function QueryEditor({ datasource, query: given, onChange, onRunQuery, range, app }: Props) {
  const query = { ...given, queryType: given.queryType || 'sessions' } as FootfallQuery;
  const change = (changed: FootfallQuery) => {
    onChange(changed);
    if (isWorthAsking(given, changed)) {
      onRunQuery();
    }
  };
  const changeSome = (changed: Partial<FootfallQuery>) => change({ ...query, ...changed } as FootfallQuery);
  // A file may contain an unknown type: the backend reports it.
  const Builder = BUILDERS[query.queryType] as React.ComponentType<BuilderProps<FootfallQuery>> | undefined;
  return (
    <EditingProvider value={{ suggest: datasource.suggest, project: datasource.projectOf([query]) }}>
      <Row>
        <Field label="Query type">
          <ManyChoices<QueryType>
            label="Query type"
            width={20}
            value={query.queryType}
            options={QUERY_TYPES}
            onChange={(type) => change(changeType(query, type))}
          />
        </Field>
        {query.queryType !== 'sql' && (
          <Field label="Project">
            <ProjectPicker
              label="Project"
              width={20}
              placeholder={datasource.defaultProject || 'project'}
              value={query.project}
              onChange={(project) => changeSome({ project: project || undefined })}
            />
          </Field>
        )}
        {query.queryType !== 'sql' && app !== CoreApp.UnifiedAlerting && (
          <TrafficField value={query.traffic} onChange={(traffic) => changeSome({ traffic })} />
        )}
      </Row>
      {app === CoreApp.UnifiedAlerting && <AlertNote query={query} />}
      {Builder && <Builder query={query} onChange={changeSome} onRunQuery={onRunQuery} />}
      {query.queryType !== 'sql' && (
        <PersonFilterEditor label="Filter" filter={query.filter} onChange={(filter) => changeSome({ filter })} />
      )}
      {query.queryType !== 'live' && <PlanPreview datasource={datasource} query={query} range={range} />}
    </EditingProvider>
  );
}

/** Said before the rule is saved, not by its evaluation. */
function AlertNote({ query }: { query: FootfallQuery }) {
  const why = whyNoAlert(query);
  const labels = alertLabels(query);
  if (why) {
    return (
      <Alert severity="warning" title="Alert rules do not take this result">
        {why}
      </Alert>
    );
  }
  return labels ? <Alert severity="info" title={labels} /> : null;
}

const BUILDERS: { [T in QueryType]: React.ComponentType<BuilderProps<QueryOf<T>>> } = {
  sessions: SessionsBuilder,
  funnel: FunnelBuilder,
  trend: TrendBuilder,
  retention: RetentionBuilder,
  lifecycle: LifecycleBuilder,
  stickiness: LifecycleBuilder,
  paths: PathsBuilder,
  attribution: AttributionBuilder,
  events: EventsBuilder,
  annotations: EventsBuilder,
  spikes: SpikesBuilder,
  cohorts: CohortsBuilder,
  live: LiveBuilder,
  sql: SqlBuilder,
};
