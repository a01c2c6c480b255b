import { ScopedVars } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

/** As many values as the backend takes of one test, and one more, so that it says that these are too many. */
const VALUES_MAX = 1_001;

/**
 * The strings that one with variables stands for: `/p/$id` is one path for each value of `$id`. Two
 * variables with several values are every pair of them; the same variable twice has the same value twice.
 */
export function expand(text: string, templates: TemplateSrv, scopedVars: ScopedVars): string[] {
  const several = new Map<string, string[]>();
  const replaced = replace(text, templates, scopedVars, (variable, values) => {
    several.set(variable, values);
    return values[0];
  });
  let choices: Array<Map<string, string>> = [new Map()];
  for (const [variable, values] of several) {
    choices = choices.flatMap((chosen) => values.map((value) => new Map(chosen).set(variable, value)));
    choices = choices.slice(0, VALUES_MAX);
  }
  if (choices.length === 1) {
    return [replaced];
  }
  const texts = choices.map((chosen) =>
    replace(text, templates, scopedVars, (variable, values) => chosen.get(variable) ?? values[0])
  );
  return [...new Set(texts)];
}

/** One that stands for a single string stays one; several are a list, of which one is enough. */
export function oneOf<T extends string | string[] | undefined>(
  of: T,
  templates: TemplateSrv,
  scopedVars: ScopedVars
): T | string | string[] {
  if (!of) {
    return of;
  }
  const texts = [of].flat().flatMap((text) => expand(text, templates, scopedVars));
  return texts.length === 1 ? texts[0] : texts;
}

/** `choose` gives the value of a variable out of its values, which are never none. */
function replace(
  text: string,
  templates: TemplateSrv,
  scopedVars: ScopedVars,
  choose: (variable: string, values: string[]) => string
): string {
  let place = 0;
  return templates.replace(text, scopedVars, (found: unknown, variable?: { name?: string }) => {
    place += 1;
    const values = Array.isArray(found) ? found.map(String) : [String(found)];
    return choose(variable?.name ?? `#${place}`, values.length > 0 ? values : ['']);
  });
}
