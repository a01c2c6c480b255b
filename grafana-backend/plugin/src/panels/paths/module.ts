import { PanelPlugin } from '@grafana/data';

import { OF_COUNTS } from '../counts';
import { PathsPanel } from './PathsPanel';
import { PathsOptions } from './types';

export const plugin = new PanelPlugin<PathsOptions>(PathsPanel).useFieldConfig(OF_COUNTS).setPanelOptions((builder) =>
  builder.addNumberInput({
    path: 'places',
    name: 'Nodes per step',
    description: 'Shows the busiest nodes of each step and merges the rest',
    defaultValue: 8,
    settings: { min: 1, max: 50, integer: true },
  })
);
