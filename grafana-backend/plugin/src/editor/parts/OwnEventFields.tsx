import React from 'react';

import { OwnEvents } from '../../query/common';
import { EventFilterFields } from './EventFilterFields';

interface OwnEventFieldsProps {
  label: string;
  query: OwnEvents;
  onChange: (change: OwnEvents) => void;
}

/** Which events the query covers: its own `event`, `path` and `eventFilter`. */
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
