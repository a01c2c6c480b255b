import { SecretTextArea } from '@grafana/ui';
import React from 'react';

import { Toggle } from '../../editor/parts/Toggle';
import { Line } from '../Line';
import { Settings } from '../settings';

/** TLS settings beyond the system's CA certificates. */
export function TlsSection(settings: Settings) {
  const { json, change } = settings;
  return (
    <>
      <Toggle
        label="Skip verification"
        tooltip="Not for production: anyone could impersonate ClickHouse"
        value={json.tlsSkipVerify}
        onChange={(value) => change({ tlsSkipVerify: value })}
      />
      <Toggle
        label="Custom CA certificate"
        value={json.tlsAuthWithCACert}
        onChange={(value) => change({ tlsAuthWithCACert: value })}
      />
      {json.tlsAuthWithCACert && <Pem settings={settings} name="tlsCACert" label="CA certificate" kind="CERTIFICATE" />}
      <Toggle
        label="Client certificate"
        tooltip="Mutual TLS"
        value={json.tlsAuth}
        onChange={(value) => change({ tlsAuth: value })}
      />
      {json.tlsAuth && <Pem settings={settings} name="tlsClientCert" label="Client certificate" kind="CERTIFICATE" />}
      {json.tlsAuth && <Pem settings={settings} name="tlsClientKey" label="Client key" kind="PRIVATE KEY" />}
    </>
  );
}

interface PemProps {
  settings: Settings;
  name: 'tlsCACert' | 'tlsClientCert' | 'tlsClientKey';
  label: string;
  kind: string;
}

function Pem({ settings: { hasSecret, changeSecret, resetSecret }, name, label, kind }: PemProps) {
  return (
    <Line label={label}>
      <SecretTextArea
        cols={60}
        rows={4}
        placeholder={`-----BEGIN ${kind}-----`}
        isConfigured={hasSecret(name)}
        onReset={() => resetSecret(name)}
        onChange={(event) => changeSecret(name, event.currentTarget.value)}
      />
    </Line>
  );
}
