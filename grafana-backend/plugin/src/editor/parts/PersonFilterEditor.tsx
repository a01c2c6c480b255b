import { IconButton } from '@grafana/ui';
import React from 'react';

import { CohortLeaf, cohortLeaf, cohortOf, isCohortLeaf, isOutside } from '../../cohort';
import { DAYS_MAX, TIMES_MAX, Verb, verbOf, withVerb } from '../../did';
import { integerWithin } from '../../number';
import { Did, PersonFilter } from '../../query/generated';
import { FewChoices, ManyChoices } from './Choice';
import { EventFilterFields } from './EventFilterFields';
import { FilterEditor, PersonRowProps } from './FilterEditor';
import { CohortPicker } from './Pickers';
import { Field, Row } from './Row';
import { TextInput } from './TextInput';

interface PersonFilterEditorProps {
  label: string;
  filter?: PersonFilter;
  onChange: (filter?: PersonFilter) => void;
}

/** A query's own filter: conditions on its events, on what their persons did, and on the cohorts they are in. */
export function PersonFilterEditor(props: PersonFilterEditorProps) {
  return <FilterEditor<PersonFilter> {...props} PersonRow={PersonRow} />;
}

function PersonRow({ leaf, onChange, ...props }: PersonRowProps) {
  return isCohortLeaf(leaf) ? (
    <CohortRow {...props} leaf={leaf} onChange={onChange} />
  ) : (
    <DidRow {...props} did={leaf.did} onChange={(did) => onChange({ did })} />
  );
}

function CohortRow({ label, leaf, onChange, onRemove }: CohortRowProps) {
  const [cohort, outside] = [cohortOf(leaf), isOutside(leaf)];
  return (
    <Row>
      <FewChoices
        label={`${label}: in the cohort or not`}
        value={outside ? 'out' : 'in'}
        options={PLACES}
        onChange={(place) => onChange(cohortLeaf(cohort, place === 'out'))}
      />
      <CohortPicker
        label={`${label}: cohort`}
        value={cohort}
        onChange={(chosen) => onChange(cohortLeaf(chosen, outside))}
      />
      <IconButton name="times" tooltip="Remove this condition" onClick={onRemove} />
    </Row>
  );
}

interface CohortRowProps {
  label: string;
  leaf: CohortLeaf;
  onChange: (leaf: CohortLeaf) => void;
  onRemove: () => void;
}

const PLACES = [
  { value: 'in', label: 'Person in cohort' },
  { value: 'out', label: 'Person not in cohort' },
];

function DidRow({ label, did, onChange, onRemove }: DidRowProps) {
  const verb = verbOf(did);
  return (
    <>
      <Row>
        <ManyChoices<Verb>
          label={`${label}: what the person did`}
          width={30}
          value={verb}
          options={VERBS}
          onChange={(chosen) => onChange(withVerb(did, chosen))}
        />
        {verb !== 'did not' && (
          <Count label="At least" value={did.atLeast} onChange={(atLeast) => onChange({ ...did, atLeast })} />
        )}
        {verb === 'did' && (
          <Count label="At most" value={did.atMost} onChange={(atMost) => onChange({ ...did, atMost })} />
        )}
        <Count
          label="Days"
          tooltip="Before the end of the time range; the time range itself if empty"
          max={DAYS_MAX}
          placeholder="the range"
          value={did.days}
          onChange={(days) => onChange({ ...did, days })}
        />
        <IconButton name="times" tooltip="Remove this condition" onClick={onRemove} />
      </Row>
      <EventFilterFields
        label={`${label}, what was done`}
        value={did.events ?? {}}
        onChange={(events) => onChange({ ...did, events })}
      />
    </>
  );
}

interface DidRowProps {
  label: string;
  did: Did;
  onChange: (did: Did) => void;
  onRemove: () => void;
}

const VERBS: Array<{ value: Verb; label: string; description?: string }> = [
  { value: 'did', label: 'Person did' },
  { value: 'did not', label: 'Person did not' },
  { value: 'first did', label: 'Person did for the first time', description: 'And never before' },
];

/** A number of times or days, or none. */
function Count({ label, tooltip, value, max = TIMES_MAX, placeholder, onChange }: CountProps) {
  return (
    <Field label={label} tooltip={tooltip}>
      <TextInput
        label={label}
        inputMode="numeric"
        width={10}
        placeholder={placeholder}
        value={value === undefined ? '' : String(value)}
        wrong={(text) =>
          text !== '' && integerWithin(text, 1, max) === undefined
            ? `An integer from 1 to ${max.toLocaleString('en')}`
            : undefined
        }
        onChange={(text) => onChange(integerWithin(text, 1, max))}
      />
    </Field>
  );
}

interface CountProps {
  label: string;
  tooltip?: string;
  value?: number;
  max?: number;
  placeholder?: string;
  onChange: (value?: number) => void;
}
