import { PanelPlugin } from '@grafana/data';

import { OF_COUNTS } from '../counts';
import { FunnelPanel } from './FunnelPanel';
import { FunnelOptions } from './types';

export const plugin = new PanelPlugin<FunnelOptions>(FunnelPanel).useFieldConfig(OF_COUNTS).setPanelOptions((builder) =>
  builder
    .addRadio({
      path: 'bars',
      name: 'Bars',
      defaultValue: 'columns',
      settings: {
        options: [
          { value: 'columns', label: 'Columns' },
          { value: 'rows', label: 'Rows' },
        ],
      },
    })
    .addBooleanSwitch({ path: 'showTimes', name: 'Time between steps', defaultValue: true })
);
