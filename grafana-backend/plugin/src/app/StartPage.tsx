import { AppRootProps } from '@grafana/data';
import { PluginPage } from '@grafana/runtime';
import React from 'react';

import { AppSettings } from './settings';
import { FirstSteps } from './start/FirstSteps';

/** The app's page: from nothing to the first dashboard. */
export function StartPage({ meta }: AppRootProps<AppSettings>) {
  return (
    <PluginPage subTitle="Connect, send the first event, see it arrive, and import the dashboards.">
      <FirstSteps settings={meta.jsonData ?? {}} />
    </PluginPage>
  );
}
