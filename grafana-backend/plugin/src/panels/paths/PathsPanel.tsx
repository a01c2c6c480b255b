import { css } from '@emotion/css';
import { GrafanaTheme2, PanelProps } from '@grafana/data';
import { PanelDataErrorView } from '@grafana/runtime';
import { useStyles2, useTheme2 } from '@grafana/ui';
import React, { useMemo, useState } from 'react';

import { counted } from '../counts';
import { Band, layOut, OTHER, Place } from './layout';
import { readWays } from './read';
import { PathsOptions } from './types';

const BAR_PX = 8;
const LABEL_PX = 18;

/** Nodes as bars in columns, links as bands between them. Hovering over a node highlights its links. */
export function PathsPanel(props: PanelProps<PathsOptions>) {
  const { data, width, height, options } = props;
  const style = useStyles2(styles);
  const theme = useTheme2();
  const [active, setActive] = useState<Place>();
  const read = useMemo(() => data.series.map(readWays).find(Boolean), [data.series]);
  const ways = read?.ways;
  const count = counted(read?.count);
  const layout = useMemo(
    () => ways && layOut(ways, height - LABEL_PX, options.places ?? 8),
    [ways, height, options.places]
  );
  if (!layout) {
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
  // The last column's labels are to its right.
  const step = (width - BAR_PX) / (layout.columns - 1 + 0.7);
  const x = (column: number) => column * step;
  const colors = new Map<string, string>();
  layout.places.forEach(({ name }) => {
    if (!colors.has(name)) {
      const palette = theme.visualization.palette;
      colors.set(
        name,
        name === OTHER
          ? theme.colors.text.disabled
          : theme.visualization.getColorByName(palette[colors.size % palette.length])
      );
    }
  });
  const isOn = (band: Band) => !active || band.from === active || band.to === active;
  return (
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={`Paths: ${layout.places.length} nodes, ${layout.bands.length} links`}
    >
      {layout.bands.map((band, at) => (
        <path
          key={at}
          className={style.band}
          d={curve(x(band.from.column) + BAR_PX, band.fromY, x(band.to.column), band.toY)}
          stroke={colors.get(band.from.name)}
          strokeWidth={Math.max(1, band.width)}
          strokeOpacity={isOn(band) ? 0.4 : 0.06}
        >
          <title>{`${band.from.name} → ${band.to.name}: ${count(band.count)}`}</title>
        </path>
      ))}
      {layout.places.map((place) => (
        <g
          key={`${place.column} ${place.name}`}
          onMouseEnter={() => setActive(place)}
          onMouseLeave={() => setActive(undefined)}
        >
          <rect
            x={x(place.column)}
            y={place.y}
            width={BAR_PX}
            height={Math.max(1, place.height)}
            rx={2}
            fill={colors.get(place.name)}
          >
            <title>{`${place.name}: ${count(place.count)}`}</title>
          </rect>
          {place.height >= 9 && (
            <text
              className={style.label}
              x={x(place.column) + BAR_PX + 4}
              y={place.y + place.height / 2}
              dominantBaseline="middle"
            >
              {shortened(place.name, step)} <tspan className={style.count}>{count(place.count)}</tspan>
            </text>
          )}
        </g>
      ))}
    </svg>
  );
}

const curve = (x1: number, y1: number, x2: number, y2: number) => {
  const middle = (x1 + x2) / 2;
  return `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`;
};

/** About 6.5 px per character, with room for the count. */
function shortened(name: string, roomPx: number): string {
  const letters = Math.max(6, Math.floor(roomPx / 6.5) - 9);
  return name.length > letters ? `${name.slice(0, letters - 1)}…` : name || '(none)';
}

const styles = (theme: GrafanaTheme2) => ({
  band: css({ fill: 'none', transition: 'stroke-opacity 120ms' }),
  label: css({
    fill: theme.colors.text.primary,
    fontSize: 11,
    pointerEvents: 'none',
    paintOrder: 'stroke',
    stroke: theme.colors.background.primary,
    strokeWidth: 3,
  }),
  count: css({ fill: theme.colors.text.secondary }),
});
