import {
  AdHocVariableFilter,
  CoreApp,
  DataQueryRequest,
  DataQueryResponse,
  DataTopic,
  LoadingState,
  PanelData,
  TimeRange,
  transformDataFrame,
  rangeUtil,
} from '@grafana/data';
import { PanelChrome } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { from, isObservable, lastValueFrom, Observable } from 'rxjs';

import { askPrometheus } from '../grafana/prometheus';
import { templates } from '../grafana/templates';
import { TYPE, UID } from '../grafana/services';
import { Plugins } from '../plugins';
import { prepared } from './fields';
import { PanelModel } from './model';
import { Picture } from './Picture';

interface PanelViewProps {
  panel: PanelModel;
  plugins: Plugins;
  range: TimeRange;
  width: number;
  height: number;
  /** The dashboard's ad hoc filters. */
  filters?: AdHocVariableFilter[];
}

/** Queries the data source → transforms → prepares the fields → draws in Grafana's own panel chrome. */
export function PanelView({ panel, plugins, range, width, height, filters }: PanelViewProps) {
  const data = usePanelData(panel, plugins, range, width, filters);
  const title = templates.replace(panel.title);
  if (panel.type === 'row') {
    return <h3>{title}</h3>;
  }
  const error = data.errors?.[0]?.message;
  return (
    <PanelChrome
      title={title}
      description={panel.description && templates.replace(panel.description)}
      width={width}
      height={height}
      loadingState={data.state}
      statusMessage={error}
    >
      {(innerWidth, innerHeight) =>
        error ? (
          <div role="alert">{error}</div>
        ) : data.state === LoadingState.Loading ? null : (
          <Picture panel={panel} plugins={plugins} data={data} width={innerWidth} height={innerHeight} />
        )
      }
    </PanelChrome>
  );
}

function usePanelData(
  panel: PanelModel,
  plugins: Plugins,
  given: TimeRange,
  width: number,
  filters?: AdHocVariableFilter[]
): PanelData {
  const [data, setData] = useState<PanelData>({ state: LoadingState.Loading, series: [], timeRange: given });
  useEffect(() => {
    const range = panel.timeFrom ? rangeUtil.convertRawToRange({ from: `now-${panel.timeFrom}`, to: 'now' }) : given;
    const request = { ...requestOf(panel, range, width), filters };
    if (request.targets.length === 0) {
      setData({ state: LoadingState.Done, series: [], timeRange: range });
      return;
    }
    const show = async (answer: DataQueryResponse) => {
      // Grafana draws annotations over the graph; here only the graph is drawn.
      const shown = answer.data.filter(({ meta }) => meta?.dataTopic !== DataTopic.Annotations);
      const transformed = await lastValueFrom(transformDataFrame(panel.transformations ?? [], shown));
      setData({
        state: answer.state ?? LoadingState.Done,
        series: prepared(transformed, panel),
        errors: answer.errors,
        timeRange: range,
        request,
      });
    };
    const failed = (error: unknown) =>
      setData({
        state: LoadingState.Error,
        series: [],
        errors: [{ message: String((error as Error)?.message ?? error) }],
        timeRange: range,
      });
    const running = answers(panel, plugins, request).subscribe({
      next: (answer) => void show(answer).catch(failed),
      error: failed,
    });
    return () => running.unsubscribe();
  }, [panel, plugins, given, width, filters]);
  return data;
}

function answers(panel: PanelModel, plugins: Plugins, request: DataQueryRequest): Observable<DataQueryResponse> {
  if (panel.datasource?.type === 'prometheus') {
    return from(askPrometheus(request).then((data) => ({ data })));
  }
  const asked = plugins.datasource.query(request);
  return isObservable(asked) ? asked : from(asked);
}

function requestOf(panel: PanelModel, range: TimeRange, width: number): DataQueryRequest {
  const { interval, intervalMs } = rangeUtil.calculateInterval(range, Math.max(100, Math.round(width / 3)));
  return {
    requestId: `panel-${panel.id}`,
    app: CoreApp.Dashboard,
    interval,
    intervalMs,
    maxDataPoints: Math.round(width),
    range,
    rangeRaw: range.raw,
    scopedVars: {},
    startTime: Date.now(),
    timezone: 'browser',
    panelId: panel.id,
    targets: (panel.targets ?? []).map((target) => ({ ...target, datasource: { uid: UID, type: TYPE } })),
  };
}
