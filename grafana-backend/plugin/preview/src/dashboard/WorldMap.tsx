import { css } from '@emotion/css';
import { DataFrame, formattedValueToString, GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { geoArea, geoCentroid, geoNaturalEarth1, geoPath } from 'd3-geo';
import type { Feature, FeatureCollection, MultiPolygon, Polygon } from 'geojson';
import codes from 'i18n-iso-countries/codes.json';
import { useMemo } from 'react';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import topology from 'world-atlas/countries-50m.json';

import { PanelModel } from './model';

type Country = Feature<Polygon | MultiPolygon, { name: string }>;

const ATLAS = topology as unknown as Topology<{ countries: GeometryCollection<{ name: string }> }>;
const COUNTRIES = (feature(ATLAS, ATLAS.objects.countries) as FeatureCollection<Polygon | MultiPolygon>)
  .features as Country[];
/** A country by its two-letter code. */
const BY_CODE = new Map(
  (codes as string[][]).map(([two, , number]) => [two, COUNTRIES.find(({ id }) => String(id) === number)])
);

interface WorldMapProps {
  panel: PanelModel;
  frame: DataFrame;
  width: number;
  height: number;
}

/** A minimal version of Grafana's geomap: one circle per country, sized by the panel's options. */
export function WorldMap({ panel, frame, width, height }: WorldMapProps) {
  const style = useStyles2(styles);
  const project = useMemo(() => geoNaturalEarth1().fitSize([width, height], { type: 'Sphere' }), [width, height]);
  const path = useMemo(() => geoPath(project), [project]);
  const land = useMemo(() => COUNTRIES.map((country) => path(country) ?? ''), [path]);
  const circles = useMemo(() => circlesOf(panel, frame), [panel, frame]);
  return (
    <svg width={width} height={height} role="img" aria-label={`${panel.title}: ${circles.length} countries`}>
      <path d={path({ type: 'Sphere' }) ?? ''} className={style.sea} />
      {land.map((shape, at) => (
        <path key={at} d={shape} className={style.land} />
      ))}
      {circles.map(({ country, radius, text }) => {
        const [x, y] = project(middle(country)) ?? [0, 0];
        return (
          <circle key={country.id} cx={x} cy={y} r={radius} className={style.circle}>
            <title>{`${country.properties.name}: ${text}`}</title>
          </circle>
        );
      })}
    </svg>
  );
}

/** Rows with a known country, largest first, so that small circles end up on top. */
function circlesOf(panel: PanelModel, frame: DataFrame) {
  const [layer] = (panel.options?.layers as Layer[]) ?? [];
  const { field: name, min, max } = layer.config.style.size;
  const places = frame.fields.find((field) => field.name === layer.location.lookup);
  const numbers = frame.fields.find((field) => field.name === name);
  const most = Math.max(1, ...(numbers?.values ?? []));
  return (places?.values ?? [])
    .map((code: string, row: number) => ({ country: BY_CODE.get(code), value: Number(numbers?.values[row]) }))
    .filter((place): place is { country: Country; value: number } => place.country !== undefined)
    .sort((a, b) => b.value - a.value)
    .map(({ country, value }) => ({
      country,
      radius: min + ((max - min) * value) / most,
      text: numbers?.display ? formattedValueToString(numbers.display(value)) : String(value),
    }));
}

/** The centre of a country's largest part: France is not in the Atlantic. */
function middle({ geometry }: Country): [number, number] {
  const parts: Polygon[] =
    geometry.type === 'Polygon'
      ? [geometry]
      : geometry.coordinates.map((coordinates) => ({ type: 'Polygon', coordinates }));
  return geoCentroid(parts.reduce((largest, part) => (geoArea(part) > geoArea(largest) ? part : largest)));
}

/** The supported options of a geomap layer. */
interface Layer {
  location: { lookup: string };
  config: { style: { size: { field: string; min: number; max: number } } };
}

const styles = (theme: GrafanaTheme2) => ({
  sea: css({ fill: theme.colors.background.secondary }),
  land: css({ fill: theme.colors.border.medium, stroke: theme.colors.background.primary, strokeWidth: 0.5 }),
  circle: css({ fill: theme.visualization.getColorByName('blue'), opacity: 0.65, '&:hover': { opacity: 1 } }),
});
