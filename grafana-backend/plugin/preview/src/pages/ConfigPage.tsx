import { DataSourceSettings } from '@grafana/data';
import { Alert, Button } from '@grafana/ui';
import { useState } from 'react';

import { TYPE, UID } from '../grafana/services';
import { Plugins } from '../plugins';

/** The configuration editor; shows the input as Grafana would store it, with secrets separate. */
export function ConfigPage({ plugins }: { plugins: Plugins }) {
  const [options, setOptions] = useState(
    () =>
      ({
        id: 1,
        uid: UID,
        type: TYPE,
        name: 'Footfall',
        url: '',
        access: 'proxy',
        jsonData: {},
        secureJsonFields: {},
        readOnly: false,
      }) as unknown as DataSourceSettings
  );
  const [health, setHealth] = useState<{ status: string; message: string }>();
  const Editor = plugins.source.components.ConfigEditor!;
  const test = async () => setHealth(await (await fetch(`/api/datasources/uid/${UID}/health`)).json());
  return (
    <div style={{ maxWidth: 900 }}>
      <div data-testid="editor">
        <Editor options={options} onOptionsChange={setOptions} />
      </div>
      <Button onClick={test}>Save &amp; test</Button>
      {health && (
        <Alert
          severity={health.status === 'OK' ? 'success' : 'error'}
          title={health.message}
          style={{ marginTop: 16 }}
        />
      )}
      <pre data-testid="kept">
        {JSON.stringify(
          {
            url: options.url,
            jsonData: options.jsonData,
            secureJsonData: Object.keys((options as { secureJsonData?: object }).secureJsonData ?? {}),
          },
          null,
          2
        )}
      </pre>
    </div>
  );
}
