import { PanelPlugin } from '@grafana/data';

import { OF_COUNTS } from '../counts';
import { RetentionPanel } from './RetentionPanel';
import { RetentionOptions } from './types';

export const plugin = new PanelPlugin<RetentionOptions>(RetentionPanel)
  .useFieldConfig(OF_COUNTS)
  .setPanelOptions((builder) =>
    builder
      .addRadio({
        path: 'shown',
        name: 'Cells show',
        defaultValue: 'rate',
        settings: {
          options: [
            { value: 'rate', label: 'Share' },
            { value: 'count', label: 'Count' },
          ],
        },
      })
      .addBooleanSwitch({
        path: 'showAverage',
        name: 'Average row',
        description: 'Over complete periods, weighted by cohort size',
        defaultValue: true,
      })
  );
