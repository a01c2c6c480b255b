import { DataFrame, DataQueryRequest, dateTimeFormat, FieldType, getFieldDisplayName } from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import { Alert, Drawer, LoadingPlaceholder } from '@grafana/ui';
import React, { useEffect, useState } from 'react';
import { lastValueFrom, Observable } from 'rxjs';

import { QueryOf } from '../../query';
import { ACTORS_SHOWN_MAX, actorsQuery } from './actorsQuery';
import { Step } from './read';

interface ActorsProps {
  request: DataQueryRequest;
  query: QueryOf<'funnel'>;
  step: Step;
  outcome: 'converted' | 'dropped';
  onClose: () => void;
}

/** Who is behind a bar: the same funnel queried for its actors, so that list and bar agree. */
export function Actors({ request, query, step, outcome, onClose }: ActorsProps) {
  const [answer, setAnswer] = useState<{ frame?: DataFrame; error?: string }>({});
  useEffect(() => {
    let isWanted = true;
    ask(request, actorsQuery(query, step.number, outcome))
      .then((frame) => isWanted && setAnswer({ frame }))
      .catch((error) => isWanted && setAnswer({ error: String(error?.message ?? error) }));
    return () => {
      isWanted = false;
    };
  }, [request, query, step.number, outcome]);
  const title =
    outcome === 'converted'
      ? `Completed step ${step.number}, ${step.name}`
      : `Dropped off before step ${step.number}, ${step.name}`;
  return (
    <Drawer title={title} subtitle={`The latest ${ACTORS_SHOWN_MAX} at most`} onClose={onClose} size="md">
      {answer.error && <Alert title="Cannot show the list">{answer.error}</Alert>}
      {!answer.error && !answer.frame && <LoadingPlaceholder text="Asking…" />}
      {answer.frame && <List frame={answer.frame} />}
    </Drawer>
  );
}

async function ask(request: DataQueryRequest, query: QueryOf<'funnel'>): Promise<DataFrame | undefined> {
  const datasource = await getDataSourceSrv().get(query.datasource);
  const answer = await lastValueFrom(
    datasource.query({ ...request, requestId: `${request.requestId}-actors`, targets: [query] }) as Observable<{
      data: DataFrame[];
      errors?: Array<{ message?: string }>;
    }>
  );
  if (answer.errors?.length) {
    throw new Error(answer.errors[0].message);
  }
  return answer.data[0];
}

function List({ frame }: { frame: DataFrame }) {
  return (
    <table className="filter-table" aria-label="Actors">
      <thead>
        <tr>
          {frame.fields.map((field) => (
            <th key={field.name}>{getFieldDisplayName(field, frame)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {Array.from({ length: frame.length }, (_, row) => (
          <tr key={row}>
            {frame.fields.map((field) => (
              <td key={field.name}>
                {field.type === FieldType.time ? dateTimeFormat(field.values[row]) : String(field.values[row] ?? '')}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
