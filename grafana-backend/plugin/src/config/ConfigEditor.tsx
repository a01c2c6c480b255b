import { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { Combobox, ComboboxOption, FieldSet, InlineField, Input, SecretInput, SecretTextArea } from '@grafana/ui';
import React, { ReactElement, useId } from 'react';

import { FootfallOptions, FootfallSecureOptions } from '../types';
import { HeadersEditor } from './HeadersEditor';
import { Toggle } from '../editor/parts/Toggle';

type Props = DataSourcePluginOptionsEditorProps<FootfallOptions, FootfallSecureOptions>;

const COMPRESSIONS: Array<ComboboxOption<NonNullable<FootfallOptions['compression']>>> = [
  { value: 'auto', label: 'automatic' },
  { value: 'lz4', label: 'LZ4' },
  { value: 'none', label: 'none' },
];

/** Where ClickHouse is, who asks, how far a query may go. Secrets leave the browser once and never come back. */
export function ConfigEditor({ options, onOptionsChange }: Props) {
  const { jsonData, secureJsonFields } = options;
  const change = (changed: Partial<FootfallOptions>) =>
    onOptionsChange({ ...options, jsonData: { ...jsonData, ...changed } });
  const changeSecret = (name: string, value: string) =>
    onOptionsChange({ ...options, secureJsonData: { ...options.secureJsonData, [name]: value } });
  const resetSecret = (name: string) =>
    onOptionsChange({
      ...options,
      secureJsonFields: { ...secureJsonFields, [name]: false },
      secureJsonData: { ...options.secureJsonData, [name]: '' },
    });
  const certificate = (name: 'tlsCACert' | 'tlsClientCert' | 'tlsClientKey', label: string, begins: string) => (
    <Line label={label}>
      <SecretTextArea
        cols={60}
        rows={4}
        placeholder={begins}
        isConfigured={Boolean(secureJsonFields?.[name])}
        onReset={() => resetSecret(name)}
        onChange={(event) => changeSecret(name, event.currentTarget.value)}
      />
    </Line>
  );
  return (
    <>
      <FieldSet label="ClickHouse">
        <Line label="URL" tooltip="ClickHouse's HTTP interface; the embedded engine's is http://127.0.0.1:8123">
          <Input
            width={50}
            placeholder="http://127.0.0.1:8123"
            value={options.url ?? ''}
            onChange={(event) => onOptionsChange({ ...options, url: event.currentTarget.value })}
          />
        </Line>
        <Line
          label="User"
          tooltip="Needs to read analytics.*; provisioning/clickhouse/users has one with no other right"
        >
          <Input
            width={50}
            placeholder="none"
            value={jsonData.username ?? ''}
            onChange={(event) => change({ username: event.currentTarget.value })}
          />
        </Line>
        <Line label="Password">
          <SecretInput
            width={50}
            isConfigured={Boolean(secureJsonFields?.password)}
            onReset={() => resetSecret('password')}
            onChange={(event) => changeSecret('password', event.currentTarget.value)}
          />
        </Line>
      </FieldSet>
      <FieldSet label="TLS">
        <Toggle
          label="Skip verification"
          tooltip="Not for production: anybody can answer in ClickHouse's place"
          value={jsonData.tlsSkipVerify}
          onChange={(value) => change({ tlsSkipVerify: value })}
        />
        <Toggle
          label="Own certificate authority"
          value={jsonData.tlsAuthWithCACert}
          onChange={(value) => change({ tlsAuthWithCACert: value })}
        />
        {jsonData.tlsAuthWithCACert && certificate('tlsCACert', 'CA certificate', '-----BEGIN CERTIFICATE-----')}
        <Toggle
          label="Client certificate"
          tooltip="Mutual TLS"
          value={jsonData.tlsAuth}
          onChange={(value) => change({ tlsAuth: value })}
        />
        {jsonData.tlsAuth && certificate('tlsClientCert', 'Client certificate', '-----BEGIN CERTIFICATE-----')}
        {jsonData.tlsAuth && certificate('tlsClientKey', 'Client key', '-----BEGIN PRIVATE KEY-----')}
      </FieldSet>
      <FieldSet label="HTTP headers">
        <HeadersEditor
          headers={jsonData.httpHeaders ?? []}
          isKept={(name) => Boolean(secureJsonFields?.[name])}
          onChange={(httpHeaders) => change({ httpHeaders })}
          onSecret={changeSecret}
          onResetSecret={resetSecret}
        />
      </FieldSet>
      <FieldSet label="Queries">
        <Line label="Default project" tooltip="For queries that name none">
          <Input
            width={30}
            placeholder="none"
            value={jsonData.defaultProject ?? ''}
            onChange={(event) => change({ defaultProject: event.currentTarget.value })}
          />
        </Line>
        <Line label="Page views" tooltip="Names of events that are page views, separated by commas">
          <Input
            width={50}
            placeholder="page_view, pageview, $pageview, page, view, screen_view, screen"
            defaultValue={jsonData.pageViewEvents?.join(', ')}
            onBlur={(event) => change({ pageViewEvents: names(event.currentTarget.value) })}
          />
        </Line>
        <Line label="Seconds a query" tooltip="1 to 3,600; ClickHouse stops it then">
          <Input
            width={16}
            type="number"
            min={1}
            max={3600}
            placeholder="60"
            value={jsonData.queryTimeout ?? ''}
            onChange={(event) => change({ queryTimeout: event.currentTarget.value || undefined })}
          />
        </Line>
        <Line label="Memory a query, GiB" tooltip="In ClickHouse">
          <Input
            width={16}
            type="number"
            min={1}
            placeholder="8"
            value={jsonData.memoryBytesMax ? jsonData.memoryBytesMax / GIB : ''}
            onChange={(event) =>
              change({
                memoryBytesMax: event.currentTarget.valueAsNumber
                  ? Math.round(event.currentTarget.valueAsNumber * GIB)
                  : undefined,
              })
            }
          />
        </Line>
        <Line
          label="Keep answers, seconds"
          tooltip="Panels and viewers that ask the same share one answer for so long; 0 is never"
        >
          <Input
            width={16}
            type="number"
            min={0}
            max={3600}
            placeholder="5"
            value={jsonData.cacheSeconds ?? ''}
            onChange={(event) =>
              change({ cacheSeconds: event.currentTarget.value === '' ? undefined : event.currentTarget.valueAsNumber })
            }
          />
        </Line>
        <Line label="Compression" tooltip="Automatic: LZ4, and none where ClickHouse is on Grafana's own machine">
          <Combobox
            width={20}
            options={COMPRESSIONS}
            value={jsonData.compression ?? 'auto'}
            onChange={({ value }) => change({ compression: value === 'auto' ? undefined : value })}
          />
        </Line>
        <Line label="Rows read a query" tooltip="Without a limit if empty">
          <Input
            width={20}
            type="number"
            min={0}
            placeholder="no limit"
            value={jsonData.rowsReadMax ?? ''}
            onChange={(event) => change({ rowsReadMax: event.currentTarget.valueAsNumber || undefined })}
          />
        </Line>
      </FieldSet>
    </>
  );
}

const GIB = 1 << 30;
const names = (text: string) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

function Line({ label, tooltip, children }: { label: string; tooltip?: string; children: ReactElement }) {
  const id = useId();
  return (
    <InlineField label={label} tooltip={tooltip} labelWidth={24} htmlFor={id}>
      {React.cloneElement(children as ReactElement<{ id?: string }>, { id })}
    </InlineField>
  );
}
