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
  const choices = [...several].reduce<Choice[]>(
    (chosen, [variable, values]) => withEach(chosen, variable, values),
    [new Map()]
  );
  if (choices.length === 1) {
    return [replaced];
  }
  const texts = choices.map((chosen) =>
    replace(text, templates, scopedVars, (variable, values) => chosen.get(variable) ?? values[0])
  );
  return [...new Set(texts)];
}

/** A value for each variable. */
type Choice = Map<string, string>;

/** Each choice with each value, as far as the backend would take them. */
function withEach(choices: Choice[], variable: string, values: string[]): Choice[] {
  const all: Choice[] = [];
  for (const choice of choices) {
    for (const value of values) {
      if (all.length === VALUES_MAX) {
        return all;
      }
      all.push(new Map(choice).set(variable, value));
    }
  }
  return all;
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
  const texts = [of].flat().flatMap((text) => expand(String(text), templates, scopedVars));
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
