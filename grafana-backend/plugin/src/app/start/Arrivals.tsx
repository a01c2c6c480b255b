import { dateTimeFormat } from '@grafana/data';
import { Alert, LoadingPlaceholder } from '@grafana/ui';
import React, { useEffect, useState } from 'react';

import { AppSettings } from '../settings';
import { Arrival, latestEvents } from './latestEvents';
import { PROJECT_DEFAULT } from './SendEvent';

const PAUSE_MS = 2_000;

interface ArrivalsProps {
  settings: AppSettings;
  onDone: (isDone: boolean) => void;
}

/** Asks every two seconds, while the page is visible, and shows what has arrived. */
export function Arrivals({ settings, onDone }: ArrivalsProps) {
  const project = settings.project || PROJECT_DEFAULT;
  const [shown, setShown] = useState<{ events: Arrival[]; error?: string }>();
  useEffect(() => {
    let timer: number | undefined;
    let isWanted = true;
    const ask = async () => {
      if (!document.hidden) {
        const next = await latestEvents(settings.datasourceUid, project).then(
          (events) => ({ events }),
          (error) => ({ events: [], error: String(error?.message ?? error) })
        );
        if (isWanted) {
          setShown(next);
          onDone(next.events.length > 0);
        }
      }
      if (isWanted) {
        timer = window.setTimeout(ask, PAUSE_MS);
      }
    };
    ask();
    return () => {
      isWanted = false;
      window.clearTimeout(timer);
    };
    // The callback is another one with each render.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settings.datasourceUid, project]);
  if (shown?.error) {
    return <Alert title="The data source cannot be asked">{shown.error}</Alert>;
  }
  if (!shown?.events.length) {
    return <LoadingPlaceholder text={`Waiting for events of the project ${project} …`} />;
  }
  return (
    <table className="filter-table" aria-label="Latest events">
      <thead>
        <tr>
          {['Time', 'Event', 'Page', 'Country', 'Browser'].map((name) => (
            <th key={name}>{name}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.events.map(({ atMs, event, path, country, browser }, at) => (
          <tr key={at}>
            <td>{dateTimeFormat(atMs)}</td>
            <td>{event}</td>
            <td>{path}</td>
            <td>{country}</td>
            <td>{browser}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
