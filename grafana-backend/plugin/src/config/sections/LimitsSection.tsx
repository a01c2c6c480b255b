import { Combobox, ComboboxOption, Input } from '@grafana/ui';
import React from 'react';

import { FootfallOptions } from '../../types';
import { Line } from '../Line';
import { Settings } from '../settings';

/** Limits per query, and how results are cached and compressed. */
export function LimitsSection({ json, change }: Settings) {
  return (
    <>
      <Line label="Query timeout, seconds" tooltip="1 to 3,600; ClickHouse then stops the query">
        <Input
          width={16}
          type="number"
          min={1}
          max={3600}
          placeholder="60"
          value={json.queryTimeout ?? ''}
          onChange={(event) => change({ queryTimeout: event.currentTarget.value || undefined })}
        />
      </Line>
      <Line label="Memory per query, GiB" tooltip="In ClickHouse">
        <Input
          width={16}
          type="number"
          min={1}
          placeholder="8"
          value={json.memoryBytesMax ? json.memoryBytesMax / GIB : ''}
          onChange={({ currentTarget: { valueAsNumber: gib } }) =>
            change({ memoryBytesMax: gib ? Math.round(gib * GIB) : undefined })
          }
        />
      </Line>
      <Line label="Rows read per query" tooltip="Empty for no limit">
        <Input
          width={20}
          type="number"
          min={0}
          placeholder="no limit"
          value={json.rowsReadMax ?? ''}
          onChange={(event) => change({ rowsReadMax: event.currentTarget.valueAsNumber || undefined })}
        />
      </Line>
      <Line label="Row limit" tooltip="Rows of a result of SQL, 1 to 1,000,000; more are cut, and the panel says so">
        <Input
          width={20}
          type="number"
          min={1}
          max={1_000_000}
          placeholder="100000"
          value={json.rowLimit ?? ''}
          onChange={(event) => change({ rowLimit: event.currentTarget.valueAsNumber || undefined })}
        />
      </Line>
      <Line
        label="Cache TTL, seconds"
        tooltip="How long panels and viewers with identical queries share a result; 0 disables the cache"
      >
        <Input
          width={16}
          type="number"
          min={0}
          max={3600}
          placeholder="5"
          value={json.cacheSeconds ?? ''}
          onChange={({ currentTarget: { value, valueAsNumber } }) =>
            change({ cacheSeconds: value === '' ? undefined : valueAsNumber })
          }
        />
      </Line>
      <Line label="Compression" tooltip="Automatic: LZ4, or none if ClickHouse runs on the same machine as Grafana">
        <Combobox
          width={20}
          options={COMPRESSIONS}
          value={json.compression ?? 'auto'}
          onChange={({ value }) => change({ compression: value === 'auto' ? undefined : value })}
        />
      </Line>
    </>
  );
}

const GIB = 1 << 30;
const COMPRESSIONS: Array<ComboboxOption<NonNullable<FootfallOptions['compression']>>> = [
  { value: 'auto', label: 'automatic' },
  { value: 'lz4', label: 'LZ4' },
  { value: 'none', label: 'none' },
];
