import { AdHocVariableFilter, MetricFindValue } from '@grafana/data';
import { Button, Combobox } from '@grafana/ui';
import { useState } from 'react';

import { Plugins } from '../plugins';

interface AdHocFiltersProps {
  filters: AdHocVariableFilter[];
  plugins: Plugins;
  onChange: (filters: AdHocVariableFilter[]) => void;
}

/** The dashboard's ad hoc filters, and a way to add one with the data source's suggestions. */
export function AdHocFilters({ filters, plugins: { datasource }, onChange }: AdHocFiltersProps) {
  const [key, setKey] = useState('');
  const options = async (found: Promise<MetricFindValue[]>) =>
    (await found).map(({ text, value }) => ({ value: String(value ?? text), label: String(text) || '(none)' }));
  const keys = () => options(datasource.getTagKeys!({ filters }) as Promise<MetricFindValue[]>);
  const values = () => options(datasource.getTagValues!({ key, filters }) as Promise<MetricFindValue[]>);
  return (
    <span style={{ display: 'inline-flex', gap: 4, alignItems: 'center' }}>
      {filters.map((filter, at) => (
        <Button
          key={`${filter.key} ${filter.value}`}
          variant="secondary"
          icon="times"
          tooltip="Remove this filter"
          onClick={() => onChange(filters.filter((_, other) => other !== at))}
        >
          {`${filter.key} ${filter.operator} ${filter.value}`}
        </Button>
      ))}
      <Combobox
        aria-label="Filter by"
        placeholder="filter by"
        width={16}
        value={key || null}
        options={keys}
        onChange={({ value }) => setKey(value)}
      />
      {key && (
        <Combobox
          key={key}
          aria-label="Value"
          placeholder="value"
          width={16}
          value={null}
          options={values}
          onChange={({ value }) => {
            onChange([...filters, { key, operator: '=', value }]);
            setKey('');
          }}
        />
      )}
    </span>
  );
}
