import { PanelProps } from '@grafana/data';
import { PanelDataErrorView } from '@grafana/runtime';
import { useTheme2 } from '@grafana/ui';
import React, { useState } from 'react';

import { counted } from '../counts';
import { Actors } from './Actors';
import { askable } from './actorsQuery';
import { Columns } from './Columns';
import { readFunnel, Step } from './read';
import { Rows } from './Rows';
import { FunnelOptions } from './types';
import { FunnelView } from './view';

/** Reads the frame → draws it → lists who is behind a bar on click. */
export function FunnelPanel(props: PanelProps<FunnelOptions>) {
  const { data, width, height, options } = props;
  const theme = useTheme2();
  const [opened, open] = useState<{ step: Step; outcome: 'converted' | 'dropped' }>();
  const frame = data.series.find((each) => readFunnel(each));
  const funnel = readFunnel(frame);
  if (!funnel) {
    return (
      <PanelDataErrorView
        panelId={props.id}
        fieldConfig={props.fieldConfig}
        data={data}
        needsStringField
        needsNumberField
      />
    );
  }
  const query = askable(data.request, frame?.refId);
  const palette = theme.visualization.palette.map((name) => theme.visualization.getColorByName(name));
  const colors = [theme.colors.primary.main, ...palette];
  const view: FunnelView = {
    steps: funnel.steps,
    values: funnel.values,
    colors: funnel.values.length > 1 ? palette : colors,
    width,
    height,
    showTimes: options.showTimes,
    count: counted(funnel.count),
    onOpen: query && ((step, outcome) => open({ step, outcome })),
  };
  return (
    <>
      {options.bars === 'rows' ? <Rows {...view} /> : <Columns {...view} />}
      {opened && query && data.request && (
        <Actors
          request={data.request}
          query={query}
          step={opened.step}
          outcome={opened.outcome}
          onClose={() => open(undefined)}
        />
      )}
    </>
  );
}
