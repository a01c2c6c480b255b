import { DataFrame, DataFrameJSON, dataFrameFromJSON, DataQueryResponse, Field, LoadingState } from '@grafana/data';
import { GrafanaLiveSrv, LiveDataStreamOptions } from '@grafana/runtime';
import { Observable } from 'rxjs';

const ROWS_MAX = 1_000;

/** Grafana Live over server-sent events: messages are appended to the first frame. */
export const liveService = {
  getDataStream: ({ addr, frame }: LiveDataStreamOptions): Observable<DataQueryResponse> =>
    new Observable((observer) => {
      let shown: DataFrame | undefined = frame && dataFrameFromJSON(frame as unknown as DataFrameJSON);
      const answer = () => shown && observer.next({ key: addr.path, data: [shown], state: LoadingState.Streaming });
      answer();
      const source = new EventSource(`/api/live/${addr.path}`);
      source.onmessage = ({ data }) => {
        const next = dataFrameFromJSON(JSON.parse(data));
        shown = shown ? appended(shown, next) : next;
        answer();
      };
      return () => source.close();
    }),
} as unknown as GrafanaLiveSrv;

function appended(before: DataFrame, next: DataFrame): DataFrame {
  const fields: Field[] = before.fields.map((field, at) => ({
    ...field,
    state: undefined,
    values: [...field.values, ...(next.fields[at]?.values ?? [])].slice(-ROWS_MAX),
  }));
  return { ...before, fields, length: fields[0]?.values.length ?? 0 };
}
