import { FieldSet } from '@grafana/ui';
import React from 'react';

import { HeadersEditor } from './HeadersEditor';
import { ConnectionSection } from './sections/ConnectionSection';
import { LimitsSection } from './sections/LimitsSection';
import { QueriesSection } from './sections/QueriesSection';
import { TlsSection } from './sections/TlsSection';
import { ConfigProps, settingsOf } from './settings';

/** The data source's settings: connection, TLS, headers, queries, limits. */
export function ConfigEditor(props: ConfigProps) {
  const settings = settingsOf(props);
  return (
    <>
      <FieldSet label="ClickHouse">
        <ConnectionSection {...settings} />
      </FieldSet>
      <FieldSet label="TLS">
        <TlsSection {...settings} />
      </FieldSet>
      <FieldSet label="HTTP headers">
        <HeadersEditor
          headers={settings.json.httpHeaders ?? []}
          isKept={settings.hasSecret}
          onChange={(httpHeaders) => settings.change({ httpHeaders })}
          onSecret={settings.changeSecret}
          onResetSecret={settings.resetSecret}
        />
      </FieldSet>
      <FieldSet label="Queries">
        <QueriesSection {...settings} />
      </FieldSet>
      <FieldSet label="Limits">
        <LimitsSection {...settings} />
      </FieldSet>
    </>
  );
}
