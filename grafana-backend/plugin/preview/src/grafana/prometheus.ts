import { DataFrame, DataQueryRequest, FieldType, toDataFrame } from '@grafana/data';
import { DataQuery } from '@grafana/schema';

/** Seconds between two scrapes; in Grafana, a data source setting. */
const SCRAPE_SECONDS = 1;
const POINTS_MAX = 1_000;

interface PrometheusQuery extends DataQuery {
  expr: string;
  legendFormat?: string;
}

interface Series {
  metric: Record<string, string>;
  values: Array<[number, string]>;
}

/** Like Grafana's own data source for a time series panel: one frame per series. */
export async function askPrometheus(request: DataQueryRequest): Promise<DataFrame[]> {
  const seconds = (at: { valueOf(): number }) => at.valueOf() / 1000;
  const [start, end] = [seconds(request.range.from), seconds(request.range.to)];
  const step = Math.max(SCRAPE_SECONDS, Math.ceil(request.intervalMs / 1000), Math.ceil((end - start) / POINTS_MAX));
  const frames = await Promise.all(
    (request.targets as PrometheusQuery[]).map(async (target) => {
      const query = target.expr.replaceAll(
        '$__rate_interval',
        `${Math.max(step + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)}s`
      );
      const asked = new URLSearchParams({ query, start: String(start), end: String(end), step: String(step) });
      const answer = await (await fetch(`/api/prometheus/api/v1/query_range?${asked}`)).json();
      if (answer.status !== 'success') {
        throw new Error(answer.error);
      }
      return (answer.data.result as Series[]).map((series) => frameOf(series, target));
    })
  );
  return frames.flat();
}

function frameOf({ metric, values }: Series, { refId, legendFormat = '' }: PrometheusQuery): DataFrame {
  const name = legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '');
  return toDataFrame({
    refId,
    fields: [
      { name: 'time', type: FieldType.time, values: values.map(([at]) => at * 1000) },
      {
        name: 'value',
        type: FieldType.number,
        values: values.map(([, text]) => (text === 'NaN' ? null : Number(text))),
        config: { displayNameFromDS: name },
        labels: metric,
      },
    ],
  });
}
