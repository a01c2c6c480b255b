import { TemplateSrv } from '@grafana/runtime';

/** The part of Grafana's variables that the data source uses: `$name` and `${name}`, with one value or several. */
export function templates(
  values: Record<string, string | string[]> = {},
  more: Record<string, object> = {}
): TemplateSrv {
  const replace = (text = '', _scoped: unknown = {}, format?: unknown) =>
    text.replace(/\$(\w+)|\$\{(\w+)(?::\w+)?\}/g, (whole, plain, braced) => {
      const name = plain ?? braced;
      const value = values[name];
      if (value === undefined) {
        return whole;
      }
      return typeof format === 'function' ? format(value, { name }) : String(value);
    });
  return {
    replace,
    getVariables: () => Object.keys(values).map((name) => ({ name, ...more[name] })),
  } as unknown as TemplateSrv;
}
