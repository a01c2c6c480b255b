import { Input } from '@grafana/ui';
import React from 'react';

import { TextInput } from '../../editor/parts/TextInput';
import { Line } from '../Line';
import { namesIn, whyNoTables } from '../names';
import { Settings } from '../settings';

/** Defaults for queries, and what they may read. */
export function QueriesSection({ json, change }: Settings) {
  return (
    <>
      <Line label="Default project" tooltip="For queries without a project">
        <Input
          width={30}
          placeholder="none"
          value={json.defaultProject ?? ''}
          onChange={(event) => change({ defaultProject: event.currentTarget.value })}
        />
      </Line>
      <Line label="Page views" tooltip="Names of page view events, separated by commas">
        <TextInput
          label="Page views"
          width={50}
          placeholder="page_view, pageview, $pageview, page, view, screen_view, screen"
          value={json.pageViewEvents?.join(', ') ?? ''}
          onChange={(text) => change({ pageViewEvents: namesIn(text) })}
        />
      </Line>
      <Line
        label="Further tables"
        tooltip="What SQL queries may read besides analytics: database.table or database.*, separated by commas"
      >
        <TextInput
          label="Further tables"
          width={50}
          placeholder="none"
          value={json.sqlTables?.join(', ') ?? ''}
          wrong={whyNoTables}
          onChange={(text) => change({ sqlTables: namesIn(text) })}
        />
      </Line>
    </>
  );
}
