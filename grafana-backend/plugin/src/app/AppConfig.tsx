import { AppPluginMeta, PluginConfigPageProps } from '@grafana/data';
import { Alert, Button } from '@grafana/ui';
import React, { useState } from 'react';

import { AppSettings, keep } from './settings';
import { FirstSteps } from './start/FirstSteps';

/** The app's configuration: enabling it, and the same first steps. */
export function AppConfig({ plugin }: PluginConfigPageProps<AppPluginMeta<AppSettings>>) {
  const { enabled, jsonData = {} } = plugin.meta;
  const [error, setError] = useState('');
  const enable = () =>
    keep(jsonData)
      .then(() => window.location.reload())
      .catch((cause) => setError(String(cause?.data?.message ?? cause)));
  return (
    <>
      {!enabled && (
        <Button icon="check" onClick={enable}>
          Enable Footfall
        </Button>
      )}
      {error && <Alert title="Footfall could not be enabled">{error}</Alert>}
      <FirstSteps settings={jsonData} />
    </>
  );
}
