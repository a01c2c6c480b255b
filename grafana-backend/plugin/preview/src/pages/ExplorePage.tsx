import { CoreApp, TimeRange } from '@grafana/data';
import { DataQuery } from '@grafana/schema';
import { Combobox } from '@grafana/ui';
import { useMemo, useState } from 'react';

import { PanelModel } from '../dashboard/model';
import { TYPE, UID } from '../grafana/services';
import { Plugins } from '../plugins';
import { Result } from './Result';

const PICTURES: Record<string, string> = {
  funnel: 'footfall-funnel-panel',
  retention: 'footfall-retention-panel',
  paths: 'footfall-paths-panel',
  events: 'table',
};

interface ExplorePageProps {
  plugins: Plugins;
  asked: URLSearchParams;
  range: TimeRange;
}

/** The query editor above its result, as in Grafana's Explore and panel editor. */
export function ExplorePage({ plugins, asked, range }: ExplorePageProps) {
  const { source, datasource } = plugins;
  const [query, setQuery] = useState<DataQuery>(() => {
    const given = JSON.parse(asked.get('query') ?? 'null') ?? datasource.getDefaultQuery?.(CoreApp.Explore);
    return { refId: 'A', datasource: { uid: UID, type: TYPE }, ...given };
  });
  const [shown, setShown] = useState(query);
  const suggested =
    PICTURES[query.queryType ?? ''] ??
    ((query as { result?: string }).result === 'over_time' ||
    query.queryType === 'trend' ||
    query.queryType === 'live' ||
    query.queryType === 'lifecycle'
      ? 'timeseries'
      : 'table');
  const isSteps =
    query.queryType !== 'funnel' || ['', 'steps', undefined].includes((query as { result?: string }).result);
  const [chosen, choose] = useState('');
  const type = chosen || (isSteps ? suggested : 'table');
  const panel: PanelModel = useMemo(
    () => ({
      id: 1,
      type,
      title: 'Result',
      gridPos: { x: 0, y: 0, w: 24, h: 10 },
      targets: [shown],
      fieldConfig: { defaults: {}, overrides: [] },
    }),
    [shown, type]
  );
  const Editor = source.components.QueryEditor!;
  return (
    <>
      <div data-testid="editor">
        <Editor
          datasource={datasource}
          query={query}
          onChange={setQuery}
          onRunQuery={() => setQuery((latest) => (setShown(latest), latest))}
          range={range}
          app={CoreApp.Explore}
        />
      </div>
      <div style={{ marginTop: 8 }}>
        <Combobox
          width={30}
          value={type}
          onChange={({ value }) => choose(value)}
          options={['timeseries', 'table', 'stat', 'bargauge', ...Object.values(PICTURES).slice(0, 3)].map((value) => ({
            value,
          }))}
        />
      </div>
      <Result panel={panel} plugins={plugins} range={range} />
    </>
  );
}
