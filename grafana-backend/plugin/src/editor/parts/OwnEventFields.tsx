import React from 'react';

import { FootfallQuery } from '../../types';
import { EventFilterFields } from './EventFilterFields';

interface OwnEventFieldsProps {
  label: string;
  query: FootfallQuery;
  onChange: (change: Partial<FootfallQuery>) => void;
}

/** Which events the query itself is about: its own `event`, `path` and `eventFilter`. */
export function OwnEventFields({ label, query, onChange }: OwnEventFieldsProps) {
  const { event, path, eventFilter } = query;
  return (
    <EventFilterFields
      label={label}
      value={{ event, path, filter: eventFilter }}
      onChange={({ event, path, filter }) => onChange({ event, path, eventFilter: filter })}
    />
  );
}
