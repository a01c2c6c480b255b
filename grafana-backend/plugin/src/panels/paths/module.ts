import { PanelPlugin } from '@grafana/data';

import { PathsPanel } from './PathsPanel';
import { PathsOptions } from './types';

export const plugin = new PanelPlugin<PathsOptions>(PathsPanel).useFieldConfig().setPanelOptions((builder) =>
  builder.addNumberInput({
    path: 'places',
    name: 'Places a step',
    description: 'The most used by themselves; the others of a step are one',
    defaultValue: 8,
    settings: { min: 1, max: 50, integer: true },
  })
);
