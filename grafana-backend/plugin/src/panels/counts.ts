import { Field, FieldConfigProperty, formattedValueToString } from '@grafana/data';

/** A count as text: by the unit and decimals that the panel sets, or in full. */
export function counted(field?: Field): (count: number) => string {
  const { display, config } = field ?? {};
  return display && (config?.unit || config?.decimals !== undefined)
    ? (count) => formattedValueToString(display(count))
    : (count) => count.toLocaleString('en');
}

/** Field options that mean something in panels that draw counts of their own; Grafana offers no other. */
export const OF_COUNTS = {
  disableStandardOptions: [
    FieldConfigProperty.Min,
    FieldConfigProperty.Max,
    FieldConfigProperty.FieldMinMax,
    FieldConfigProperty.DisplayName,
    FieldConfigProperty.Color,
    FieldConfigProperty.Thresholds,
    FieldConfigProperty.Mappings,
    FieldConfigProperty.Links,
    FieldConfigProperty.Actions,
    FieldConfigProperty.Filterable,
  ],
};
