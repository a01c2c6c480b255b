import { ScopedVars } from '@grafana/data';
import { TemplateSrv } from '@grafana/runtime';

/** One more than the values the backend accepts per condition, so that it reports too many. */
const VALUES_MAX = 1_001;

/**
 * Expands a string with variables: `/p/$id` becomes one path per value of `$id`. Two variables with
 * several values give every pair; the same variable twice has the same value in both places.
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

/** One value per variable. */
type Choice = Map<string, string>;

/** Each choice combined with each value, up to the backend's limit. */
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

/** A single string stays a string; several become a list, of which any may match. */
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

/** `choose` picks a variable's value from its values, of which there is at least one. */
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
