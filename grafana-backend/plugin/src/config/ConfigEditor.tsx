import React from 'react';

import { ConfigSection } from './ConfigSection';
import { HeadersEditor } from './HeadersEditor';
import { ConnectionSection } from './sections/ConnectionSection';
import { ForwardingSection } from './sections/ForwardingSection';
import { LimitsSection } from './sections/LimitsSection';
import { QueriesSection } from './sections/QueriesSection';
import { TlsSection } from './sections/TlsSection';
import { ConfigProps, settingsOf } from './settings';

/** The data source's settings: connection, authentication, headers, queries, limits. */
export function ConfigEditor(props: ConfigProps) {
  const settings = settingsOf(props);
  const { json } = settings;
  const hasTls = Boolean(json.tlsSkipVerify || json.tlsAuth || json.tlsAuthWithCACert);
  const hasHeaders = Boolean(json.httpHeaders?.length || json.oauthPassThru || json.forwardGrafanaHeaders);
  return (
    <>
      <ConfigSection title="Connection" description="ClickHouse's HTTP interface, and a user that may read.">
        <ConnectionSection {...settings} />
      </ConfigSection>
      <ConfigSection title="TLS" description="Beyond the system's CA certificates." isInitiallyOpen={hasTls}>
        <TlsSection {...settings} />
      </ConfigSection>
      <ConfigSection
        title="HTTP headers"
        description="Sent with every request, and what Grafana passes on of the viewer's own."
        isInitiallyOpen={hasHeaders}
      >
        <HeadersEditor
          headers={json.httpHeaders ?? []}
          isKept={settings.hasSecret}
          onChange={(httpHeaders) => settings.change({ httpHeaders })}
          onSecret={settings.changeSecret}
          onResetSecret={settings.resetSecret}
        />
        <ForwardingSection {...settings} />
      </ConfigSection>
      <ConfigSection title="Queries">
        <QueriesSection {...settings} />
      </ConfigSection>
      <ConfigSection title="Limits" description="They hold for every query, whoever writes it.">
        <LimitsSection {...settings} />
      </ConfigSection>
    </>
  );
}
