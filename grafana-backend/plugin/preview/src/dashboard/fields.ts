import {
  DataFrame,
  DynamicConfigValue,
  Field,
  FieldConfig,
  FieldType,
  getDisplayProcessor,
  getFieldDisplayName,
  ThresholdsMode,
} from '@grafana/data';
import { config } from '@grafana/runtime';
import { set } from 'lodash';

import { templates } from '../grafana/templates';
import { PanelModel } from './model';

/** Field defaults and overrides by name, type or query, and how each field's values are displayed. */
export function prepared(frames: DataFrame[], panel: PanelModel): DataFrame[] {
  let series = -1;
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const name = getFieldDisplayName(field, frame, frames);
      series += field.type === FieldType.number ? 1 : 0;
      const changed: Field = {
        ...field,
        config: configOf(field, name, frame.refId, panel),
        state: { ...field.state, scopedVars: {}, displayName: null, seriesIndex: Math.max(0, series) },
      };
      const range = rangeOf(changed);
      if (range) {
        const min = changed.config.min ?? range.min;
        changed.state!.range = { ...range, min, delta: range.max - min };
        changed.config.max ??= panel.type === 'timeseries' ? undefined : (range.max ?? undefined);
      }
      changed.display = getDisplayProcessor({ field: changed, theme: config.theme2, timeZone: 'browser' });
      changed.getLinks = () =>
        (changed.config.links ?? []).map((link) => ({
          href: templates.replace(link.url),
          title: link.title,
          target: '_self' as const,
          origin: changed,
        }));
      return changed;
    }),
  }));
}

function configOf(field: Field, name: string, refId: string | undefined, panel: PanelModel): FieldConfig {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const own = Object.fromEntries(Object.entries(field.config).filter(([, value]) => value !== undefined));
  const merged: FieldConfig = {
    ...structuredClone(defaults),
    ...own,
    custom: { ...structuredClone(defaults.custom ?? {}), ...(field.config.custom ?? {}) },
  };
  for (const { matcher, properties } of overrides) {
    const matches =
      (matcher.id === 'byName' && (matcher.options === name || matcher.options === field.name)) ||
      (matcher.id === 'byType' && matcher.options === field.type) ||
      (matcher.id === 'byFrameRefID' && matcher.options === refId) ||
      (matcher.id === 'byRegexp' && new RegExp(String(matcher.options).replace(/^\/|\/$/g, '')).test(name));
    if (matches) {
      (properties as DynamicConfigValue[]).forEach(({ id, value }) => set(merged, id, value));
    }
  }
  // Grafana's defaults for these panels.
  merged.color ??= { mode: panel.type === 'timeseries' ? 'palette-classic' : 'thresholds' };
  merged.thresholds ??= { mode: ThresholdsMode.Absolute, steps: [{ value: -Infinity, color: 'green' }] };
  if (merged.min === undefined && merged.unit === 'percentunit' && field.type === FieldType.number) {
    merged.min = 0;
  }
  return merged;
}

/** Bars and colours are relative to the field's own values. */
function rangeOf(field: Field) {
  const numbers = field.values.filter((value): value is number => typeof value === 'number');
  if (field.type !== FieldType.number || numbers.length === 0) {
    return undefined;
  }
  const [min, max] = numbers.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity]
  );
  return { min, max, delta: max - min };
}
