import { ScopedVars, TypedVariableModel } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

type Value = string | string[];
type Format = string | ((value: Value) => string);

/** Dashboard variables: `$name`, `${name}`, `${name:format}` and `[[name]]`. */
class Templates {
  private values = new Map<string, Value>();

  private texts = new Map<string, string>();

  /** The text is displayed instead of the value. */
  set(name: string, value: Value, text?: string) {
    this.values.set(name, value);
    this.texts.set(name, text ?? String(value));
  }

  get(name: string): Value | undefined {
    return this.values.get(name);
  }

  project(): string {
    return String(this.values.get('project') ?? '');
  }

  replace = (text?: string, scoped: ScopedVars = {}, format?: Format): string =>
    (text ?? '').replace(/\$(\w+)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)\]\]/g, (whole, a, b, own, c) => {
      const name = a ?? b ?? c;
      const value: Value | undefined = scoped[name]?.value ?? this.values.get(name);
      if (value === undefined) {
        return whole;
      }
      if (own === 'text') {
        return this.texts.get(name) ?? String(value);
      }
      if (typeof format === 'function' && !own) {
        return format(value);
      }
      return Array.isArray(value) ? value.join(',') : String(value);
    });

  getVariables(): TypedVariableModel[] {
    return [...this.values.keys()].map((name) => ({ name }) as TypedVariableModel);
  }

  containsTemplate = (text?: string) => /\$\w|\$\{|\[\[/.test(text ?? '');
  updateTimeRange = () => {};
}

export const templates = new Templates() as Templates & TemplateSrv;
