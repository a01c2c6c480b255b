import type { DataFrame, DataQueryResponse, DataTopic, FieldType } from '@grafana/data';

/** A bucket of which the result has only a part: it is not over yet, or the time range cuts it. */
interface PartialBucket {
  from: number;
  to: number;
  because: 'now' | 'range';
}

/**
 * Adds annotations for the buckets that the backend has noted as partial, so that a day that is not over does not look
 * like a crash. They are added here, not in the backend: alert rules and expressions see numbers alone.
 */
export function withPartialBuckets(response: DataQueryResponse): DataQueryResponse {
  const marked = response.data.flatMap((frame: DataFrame) => {
    const partial = partialOf(frame);
    return partial.length > 0 ? [annotations(partial, frame.refId)] : [];
  });
  return marked.length > 0 ? { ...response, data: [...response.data, ...marked] } : response;
}

const partialOf = (frame: DataFrame): PartialBucket[] => frame.meta?.custom?.partial ?? [];

function annotations(partial: PartialBucket[], refId?: string): DataFrame {
  const column = <T>(name: string, type: `${FieldType}`, values: T[]) => ({
    name,
    type: type as FieldType,
    config: {},
    values,
  });
  return {
    name: 'partial',
    refId,
    length: partial.length,
    meta: { dataTopic: 'annotations' as DataTopic },
    fields: [
      column(
        'time',
        'time',
        partial.map(({ from }) => from)
      ),
      column(
        'timeEnd',
        'time',
        partial.map(({ to }) => to)
      ),
      column(
        'isRegion',
        'boolean',
        partial.map(() => true)
      ),
      column(
        'color',
        'string',
        partial.map(() => 'rgba(128, 128, 128, 0.6)')
      ),
      column(
        'title',
        'string',
        partial.map(() => 'Incomplete')
      ),
      column(
        'text',
        'string',
        partial.map(({ because }) => REASONS[because])
      ),
    ],
  };
}

const REASONS = { now: 'Not over yet', range: 'Cut by the time range' };
