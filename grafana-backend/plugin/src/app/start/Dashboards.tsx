import { getBackendSrv } from '@grafana/runtime';
import { Alert, Button, LinkButton } from '@grafana/ui';
import React, { useState } from 'react';

import { Row } from '../../editor/parts/Row';
import { AppSettings, DATASOURCE_ID } from '../settings';
import { importable, OVERVIEW } from './importable';

interface DashboardsProps {
  settings: AppSettings;
  onDone: (isDone: boolean) => void;
}

/** Imports the dashboards that the data source brings along, as its own Dashboards tab does. */
export function Dashboards({ settings, onDone }: DashboardsProps) {
  const [state, setState] = useState<{ isRunning?: boolean; imported?: number; error?: string }>({});
  const run = async () => {
    setState({ isRunning: true });
    try {
      const dashboards = importable(await getBackendSrv().get(`/api/plugins/${DATASOURCE_ID}/dashboards`));
      for (const body of dashboards) {
        await getBackendSrv().post('/api/dashboards/import', body);
      }
      setState({ imported: dashboards.length });
      onDone(true);
    } catch (cause) {
      const { data } = cause as { data?: { message?: string } };
      setState({ error: data?.message ?? String(cause) });
    }
  };
  return (
    <>
      <p>They show any project of the data source, and link to each other. Importing them again restores them.</p>
      <Row>
        <Button icon="apps" disabled={state.isRunning} onClick={run}>
          {state.isRunning ? 'Importing…' : 'Import all'}
        </Button>
        {settings.datasourceUid && (
          <LinkButton variant="secondary" href={`/connections/datasources/edit/${settings.datasourceUid}/dashboards`}>
            Choose some
          </LinkButton>
        )}
        {state.imported !== undefined && (
          <LinkButton variant="secondary" icon="arrow-right" href={OVERVIEW}>
            Open the overview
          </LinkButton>
        )}
      </Row>
      {state.imported !== undefined && <Alert severity="success" title={`${state.imported} dashboards imported`} />}
      {state.error && <Alert title="The dashboards could not be imported">{state.error}</Alert>}
    </>
  );
}
