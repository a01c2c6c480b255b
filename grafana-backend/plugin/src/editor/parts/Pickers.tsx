import { Combobox, ComboboxOption } from '@grafana/ui';
import React from 'react';

import { columnMeant, columnName, isEntry } from '../../names/columns';
import { useEditing } from './context';

interface PickerProps {
  id?: string;
  value?: string;
  onChange: (value: string) => void;
  placeholder?: string;
  label: string;
  width?: number;
}

type Options = (search: string) => Promise<Array<ComboboxOption<string>>>;

/** A text field with suggestions; other values can be entered too. */
function SuggestingPicker({
  options,
  label,
  value,
  onChange,
  placeholder,
  id,
  width = 24,
  name = (value) => value,
}: PickerProps & { options: Options; name?: (value: string) => string }) {
  return (
    <Combobox<string>
      id={id}
      aria-label={label}
      options={(search) => options(search).catch(() => [])}
      value={value ? { label: name(value), value } : null}
      onChange={(option: ComboboxOption<string> | null) => onChange(option?.value ?? '')}
      placeholder={placeholder}
      createCustomValue
      isClearable
      width={width}
    />
  );
}

const named = (names: string[]) => names.map((name) => ({ label: name, value: name }));
const PROPERTY = 'property:';
/** Columns whose own name, or the one for people, contains the search. */
const columns = (names: string[], search: string) =>
  names
    .map((value) => ({ label: columnName(value), value }))
    .filter(({ label, value }) => holds(label, search) || holds(value, search));
const holds = (name: string, search: string) => name.toLowerCase().includes(search.toLowerCase());

/** An event name, with suggestions from the project's data. */
export function EventPicker(props: PickerProps) {
  const { suggest, project } = useEditing();
  return (
    <SuggestingPicker
      placeholder="any event"
      {...props}
      options={(search) => suggest.events(project, search).then(named)}
    />
  );
}

/** A path; `*` matches any string. */
export function PathPicker(props: PickerProps) {
  const { suggest, project } = useEditing();
  return (
    <SuggestingPicker
      placeholder="any path"
      {...props}
      options={(search) => suggest.values(project, 'path', search.replaceAll('*', '')).then(named)}
    />
  );
}

/** An event column, or one of the project's properties. */
export function FieldPicker(props: PickerProps) {
  const { suggest, project } = useEditing();
  const options: Options = async (search) => {
    const [dimensions, properties] = await Promise.all([
      suggest.dimensions(),
      suggest.properties(project, search).catch((): string[] => []),
    ]);
    return [
      ...columns(dimensions, search),
      ...properties.map((name) => ({ label: name, value: `${PROPERTY}${name}`, description: 'property' })),
    ];
  };
  // Whoever types a name instead of choosing it means the same.
  const change = (typed: string) => props.onChange(columnMeant(typed));
  return (
    <SuggestingPicker
      placeholder="column or property"
      {...props}
      options={options}
      name={columnName}
      onChange={change}
    />
  );
}

/** What a session began with. */
export function EntryPicker(props: PickerProps) {
  const { suggest } = useEditing();
  const options: Options = async (search) => columns((await suggest.dimensions()).filter(isEntry), search);
  return <SuggestingPicker placeholder="session's column" {...props} options={options} name={columnName} />;
}

/** A value, with suggestions from the field's data. */
export function ValuePicker({ field, ...props }: PickerProps & { field: string }) {
  const { suggest, project } = useEditing();
  return (
    <SuggestingPicker
      placeholder="value"
      {...props}
      options={(search) => (field ? suggest.values(project, field, search).then(named) : Promise.resolve([]))}
    />
  );
}

/** A named cohort of the project. */
export function CohortPicker(props: PickerProps) {
  const { suggest, project } = useEditing();
  const options: Options = async (search) => {
    const cohorts = await suggest.cohorts(project, search);
    return cohorts.map(({ name, kind, description }) => ({
      label: name,
      value: name,
      description: description || kind,
    }));
  };
  return <SuggestingPicker placeholder="cohort" {...props} options={options} />;
}

/** A project, with suggestions from the data. */
export function ProjectPicker(props: PickerProps) {
  const { suggest } = useEditing();
  return <SuggestingPicker placeholder="project" {...props} options={() => suggest.projects().then(named)} />;
}
