import { Input, SecretInput } from '@grafana/ui';
import React from 'react';

import { Line } from '../Line';
import { Settings } from '../settings';

/** ClickHouse's URL and credentials. */
export function ConnectionSection({ url, json, changeUrl, change, hasSecret, changeSecret, resetSecret }: Settings) {
  return (
    <>
      <Line label="URL" tooltip="ClickHouse's HTTP interface; for the embedded engine http://127.0.0.1:8123">
        <Input
          width={50}
          placeholder="http://127.0.0.1:8123"
          value={url}
          onChange={(event) => changeUrl(event.currentTarget.value)}
        />
      </Line>
      <Line label="User" tooltip="Needs read access to analytics.*; provisioning/clickhouse-users has a read-only user">
        <Input
          width={50}
          placeholder="none"
          value={json.username ?? ''}
          onChange={(event) => change({ username: event.currentTarget.value })}
        />
      </Line>
      <Line label="Password">
        <SecretInput
          width={50}
          isConfigured={hasSecret('password')}
          onReset={() => resetSecret('password')}
          onChange={(event) => changeSecret('password', event.currentTarget.value)}
        />
      </Line>
    </>
  );
}
