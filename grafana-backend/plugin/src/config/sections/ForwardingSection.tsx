import React from 'react';

import { Toggle } from '../../editor/parts/Toggle';
import { Settings } from '../settings';

/** What Grafana passes on of the viewer's own request, for a proxy that knows people by it. */
export function ForwardingSection({ json, change }: Settings) {
  return (
    <>
      <Toggle
        label="Forward OAuth identity"
        tooltip="The viewer's token takes the place of user and password. Results are then cached per viewer; live queries and alerts keep the user above."
        value={json.oauthPassThru}
        onChange={(value) => change({ oauthPassThru: value })}
      />
      <Toggle
        label="Forward Grafana user"
        tooltip="X-Grafana-User, which Grafana sends if send_user_header is on. Results are then cached per viewer."
        value={json.forwardGrafanaHeaders}
        onChange={(value) => change({ forwardGrafanaHeaders: value })}
      />
    </>
  );
}
