import { css } from '@emotion/css';
import {
  EventBusSrv,
  FieldType,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  PanelData,
  ReduceDataOptions,
  renderMarkdown,
  VizOrientation,
} from '@grafana/data';
import { config } from '@grafana/runtime';
import {
  LegendDisplayMode,
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  VizTextDisplayOptions,
} from '@grafana/schema';
import { BarGauge, BigValue, Table, TimeSeries, VizRepeater } from '@grafana/ui';

import { templates } from '../grafana/templates';
import { Plugins } from '../plugins';
import { PanelModel } from './model';
import { WorldMap } from './WorldMap';

interface PictureProps {
  panel: PanelModel;
  plugins: Plugins;
  data: PanelData;
  width: number;
  height: number;
}

/** Our own panels as plugins; Grafana's with the components Grafana builds them from. */
export function Picture(props: PictureProps) {
  const { panel, plugins, data, width, height } = props;
  const plugin = plugins.panels[panel.type];
  if (plugin?.panel) {
    const Panel = plugin.panel;
    return (
      <Panel
        id={panel.id}
        data={data}
        timeRange={data.timeRange}
        timeZone="browser"
        title={panel.title}
        options={{ ...plugin.defaults, ...panel.options }}
        fieldConfig={panel.fieldConfig ?? { defaults: {}, overrides: [] }}
        transparent={false}
        width={width}
        height={height}
        renderCounter={0}
        replaceVariables={templates.replace}
        eventBus={bus}
        onOptionsChange={() => {}}
        onFieldConfigChange={() => {}}
        onChangeTimeRange={() => {}}
      />
    );
  }
  if (panel.type === 'text') {
    return (
      <div
        className={css({ overflow: 'auto', height })}
        dangerouslySetInnerHTML={{ __html: renderMarkdown(templates.replace(String(panel.options?.content ?? ''))) }}
      />
    );
  }
  if (!data.series.some((frame) => frame.length > 0)) {
    return <div data-testid="no-data">{panel.fieldConfig?.defaults?.noValue ?? 'No data'}</div>;
  }
  switch (panel.type) {
    case 'stat':
      return <Stat {...props} />;
    case 'bargauge':
      return <Bars {...props} />;
    case 'timeseries':
    case 'barchart':
      return <Series {...props} />;
    case 'table':
      return <Rows {...props} />;
    case 'geomap':
      return <WorldMap panel={panel} frame={data.series[0]} width={width} height={height} />;
    default:
      return (
        <>
          <em>{panel.type}: Grafana draws this; here are its rows.</em>
          <Rows {...props} height={height - 24} />
        </>
      );
  }
}

const bus = new EventBusSrv();

function values({ panel, data }: PictureProps) {
  return getFieldDisplayValues({
    fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
    reduceOptions: (panel.options?.reduceOptions as ReduceDataOptions) ?? { calcs: ['lastNotNull'] },
    data: data.series,
    theme: config.theme2,
    replaceVariables: templates.replace,
    timeZone: 'browser',
    sparkline: panel.type === 'stat' && panel.options?.graphMode === 'area',
  });
}

function Stat(props: PictureProps) {
  const { panel, width, height } = props;
  return (
    <VizRepeater
      getValues={() => values(props)}
      width={width}
      height={height}
      source={props.data}
      renderCounter={0}
      orientation={(panel.options?.orientation as VizOrientation) ?? VizOrientation.Auto}
      autoGrid
      renderValue={({ value, width, height }) => (
        <BigValue
          value={value.display}
          sparkline={value.sparkline}
          text={panel.options?.text as VizTextDisplayOptions}
          width={width}
          height={height}
          theme={config.theme2}
          colorMode={(panel.options?.colorMode as BigValueColorMode) ?? BigValueColorMode.Value}
          graphMode={(panel.options?.graphMode as BigValueGraphMode) ?? BigValueGraphMode.None}
          textMode={(panel.options?.textMode as BigValueTextMode) ?? BigValueTextMode.Auto}
          justifyMode={BigValueJustifyMode.Auto}
        />
      )}
    />
  );
}

function Bars(props: PictureProps) {
  const { panel, width, height } = props;
  return (
    <VizRepeater
      getValues={() => values(props)}
      width={width}
      height={height}
      source={props.data}
      renderCounter={0}
      minVizHeight={16}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      itemSpacing={8}
      orientation={(panel.options?.orientation as VizOrientation) ?? VizOrientation.Horizontal}
      renderValue={({ value, width, height, orientation, alignmentFactors }) => (
        <BarGauge
          alignmentFactors={alignmentFactors}
          value={value.display}
          width={width}
          height={height}
          orientation={orientation}
          field={value.field}
          text={panel.options?.text as VizTextDisplayOptions}
          display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
          theme={config.theme2}
          itemSpacing={8}
          displayMode={(panel.options?.displayMode as BarGaugeDisplayMode) ?? BarGaugeDisplayMode.Gradient}
        />
      )}
    />
  );
}

function Series({ data, width, height, panel }: PictureProps) {
  const frames = data.series.filter((frame) => frame.fields.some(({ type }) => type === FieldType.time));
  if (frames.length === 0) {
    return <Rows panel={panel} data={data} width={width} height={height} plugins={undefined as never} />;
  }
  const legend = {
    displayMode: LegendDisplayMode.List,
    placement: 'bottom' as const,
    showLegend: true,
    calcs: [],
    ...((panel.options?.legend as object) ?? {}),
  };
  return (
    <TimeSeries
      frames={frames}
      timeRange={data.timeRange}
      timeZone="browser"
      width={width}
      height={height}
      legend={legend}
      options={{}}
    />
  );
}

function Rows({ data, width, height }: PictureProps) {
  const [frame] = data.series;
  const shown = {
    ...frame,
    fields: frame.fields.filter((field) => !field.config.custom?.hideFrom?.viz && !field.config.custom?.hidden),
  };
  return <Table data={shown} width={width} height={height} />;
}
