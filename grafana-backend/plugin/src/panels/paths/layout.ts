import { Way } from './read';

export interface Place {
  column: number;
  name: string;
  count: number;
  y: number;
  height: number;
}

export interface Band {
  from: Place;
  to: Place;
  count: number;
  /** Where the band starts and ends, and its width. */
  fromY: number;
  toY: number;
  width: number;
}

export interface Layout {
  places: Place[];
  bands: Band[];
  columns: number;
}

export const OTHER = '(other)';
const GAP = 8;

/** Nodes in columns, busiest on top; bands as wide as their traffic. Beyond `placesMax`, a column's other nodes are merged. */
export function layOut(ways: Way[], height: number, placesMax: number): Layout {
  const columns = Math.max(...ways.map(({ column }) => column)) + 2;
  const counts = countPlaces(ways, columns);
  const kept = counts.map((column) => keep(column, placesMax));
  const rename = (column: number, name: string) => (kept[column].has(name) ? name : OTHER);
  const merged = merge(
    ways.map((way) => ({ ...way, from: rename(way.column, way.from), to: rename(way.column + 1, way.to) }))
  );
  const places = countPlaces(merged, columns).map((column, at) => inOrder(column, at));
  const scale = Math.min(...places.map((column) => (height - GAP * (column.length - 1)) / total(column)));
  places.forEach((column) => stack(column, scale));
  const find = (column: number, name: string) => places[column].find((place) => place.name === name)!;
  return { places: places.flat(), bands: connect(merged, find, scale), columns };
}

/** A node's size is its incoming or outgoing count, whichever is larger: visits can start and end anywhere. */
function countPlaces(ways: Way[], columns: number): Array<Map<string, number>> {
  const into = Array.from({ length: columns }, () => new Map<string, number>());
  const out = Array.from({ length: columns }, () => new Map<string, number>());
  const add = (map: Map<string, number>, name: string, count: number) => map.set(name, (map.get(name) ?? 0) + count);
  for (const { column, from, to, count } of ways) {
    add(out[column], from, count);
    add(into[column + 1], to, count);
  }
  return into.map((map, column) => {
    const both = new Map(map);
    out[column].forEach((count, name) => both.set(name, Math.max(count, both.get(name) ?? 0)));
    return both;
  });
}

const sorted = (column: Map<string, number>) =>
  [...column].sort(([a, x], [b, y]) => Number(a === OTHER) - Number(b === OTHER) || y - x || a.localeCompare(b));
const keep = (column: Map<string, number>, max: number) =>
  new Set(
    sorted(column)
      .slice(0, max)
      .map(([name]) => name)
  );
const inOrder = (column: Map<string, number>, at: number): Place[] =>
  sorted(column).map(([name, count]) => ({ column: at, name, count, y: 0, height: 0 }));
const total = (column: Place[]) => column.reduce((sum, { count }) => sum + count, 0);

function merge(ways: Way[]): Way[] {
  const merged = new Map<string, Way>();
  for (const way of ways) {
    const key = JSON.stringify([way.column, way.from, way.to]);
    const known = merged.get(key);
    merged.set(key, known ? { ...known, count: known.count + way.count } : way);
  }
  return [...merged.values()];
}

function stack(column: Place[], scale: number) {
  let y = 0;
  for (const place of column) {
    place.y = y;
    place.height = place.count * scale;
    y += place.height + GAP;
  }
}

/** Bands are ordered by the nodes at their other end, so that few cross. */
function connect(ways: Way[], find: (column: number, name: string) => Place, scale: number): Band[] {
  const bands = ways.map((way) => ({
    from: find(way.column, way.from),
    to: find(way.column + 1, way.to),
    count: way.count,
    fromY: 0,
    toY: 0,
    width: way.count * scale,
  }));
  const used = new Map<string, number>();
  const next = (side: string, place: Place, width: number) => {
    const key = `${side} ${place.column} ${place.name}`;
    const at = used.get(key) ?? place.y;
    used.set(key, at + width);
    return at + width / 2;
  };
  [...bands].sort((a, b) => a.to.y - b.to.y).forEach((band) => (band.fromY = next('out', band.from, band.width)));
  [...bands].sort((a, b) => a.from.y - b.from.y).forEach((band) => (band.toY = next('in', band.to, band.width)));
  return bands;
}
