import { getBackendSrv, getDataSourceSrv } from '@grafana/runtime';
import { Alert, Button, Combobox, LinkButton } from '@grafana/ui';
import React, { useEffect, useState } from 'react';

import { Field, Row } from '../../editor/parts/Row';
import { AppSettings, DATASOURCE_ID } from '../settings';

interface ConnectProps {
  settings: AppSettings;
  onChange: (changed: AppSettings) => void;
  onDone: (isDone: boolean) => void;
}

/** Chooses the data source, or adds one, and tests it. */
export function Connect({ settings, onChange, onDone }: ConnectProps) {
  const sources = getDataSourceSrv().getList({ type: DATASOURCE_ID });
  const uid = settings.datasourceUid ?? sources[0]?.uid;
  const [health, setHealth] = useState<{ isOk: boolean; message: string }>();
  const [error, setError] = useState('');
  useEffect(() => {
    if (!uid) {
      return;
    }
    let isWanted = true;
    testOf(uid).then((answer) => {
      if (isWanted) {
        setHealth(answer);
        onDone(answer.isOk);
      }
    });
    return () => {
      isWanted = false;
    };
    // The callback is another one with each render.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [uid]);
  const add = () =>
    getBackendSrv()
      .post('/api/datasources', { name: 'Footfall', type: DATASOURCE_ID, access: 'proxy', url: '', jsonData: {} })
      .then(({ datasource }) => window.location.assign(`/connections/datasources/edit/${datasource.uid}`))
      .catch((cause) => setError(String(cause?.data?.message ?? cause)));
  if (!uid) {
    return (
      <>
        <p>There is no Footfall data source yet.</p>
        <Button icon="plus" onClick={add}>
          Add the data source
        </Button>
        {error && <Alert title="The data source could not be added">{error}</Alert>}
      </>
    );
  }
  return (
    <>
      <Row>
        <Field label="Data source">
          <Combobox
            aria-label="Data source"
            width={30}
            options={sources.map(({ uid: value, name: label }) => ({ value, label }))}
            value={uid}
            onChange={({ value }) => onChange({ datasourceUid: value })}
          />
        </Field>
        <LinkButton variant="secondary" href={`/connections/datasources/edit/${uid}`}>
          Settings
        </LinkButton>
      </Row>
      {health && (
        <Alert severity={health.isOk ? 'success' : 'error'} title={health.isOk ? 'Connected' : 'Not connected'}>
          {health.message}
        </Alert>
      )}
    </>
  );
}

async function testOf(uid: string): Promise<{ isOk: boolean; message: string }> {
  try {
    const { status, message } = await getBackendSrv().get(`/api/datasources/uid/${uid}/health`);
    return { isOk: status === 'OK', message };
  } catch (cause) {
    const { data } = cause as { data?: { message?: string } };
    return { isOk: false, message: data?.message ?? 'The data source does not answer.' };
  }
}
