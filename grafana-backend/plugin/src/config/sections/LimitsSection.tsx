import { Combobox, ComboboxOption, Input } from '@grafana/ui';
import React from 'react';

import { FootfallOptions } from '../../types';
import { Line } from '../Line';
import { Settings } from '../settings';

/** How far a query may go, and how its answer travels and is shared. */
export function LimitsSection({ json, change }: Settings) {
  return (
    <>
      <Line label="Seconds a query" tooltip="1 to 3,600; ClickHouse stops it then">
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
      <Line label="Memory a query, GiB" tooltip="In ClickHouse">
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
      <Line label="Rows read a query" tooltip="Without a limit if empty">
        <Input
          width={20}
          type="number"
          min={0}
          placeholder="no limit"
          value={json.rowsReadMax ?? ''}
          onChange={(event) => change({ rowsReadMax: event.currentTarget.valueAsNumber || undefined })}
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
          value={json.cacheSeconds ?? ''}
          onChange={({ currentTarget: { value, valueAsNumber } }) =>
            change({ cacheSeconds: value === '' ? undefined : valueAsNumber })
          }
        />
      </Line>
      <Line label="Compression" tooltip="Automatic: LZ4, and none where ClickHouse is on Grafana's own machine">
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
