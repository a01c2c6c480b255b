import React from 'react';

import { QueryOf } from '../../query';
import { FIELDS } from '../../query/fields';
import { PathsResult } from '../../query/generated';
import { ACTORS, FewChoices } from '../parts/Choice';
import { CompareField } from '../parts/CompareField';
import { EventFilterFields } from '../parts/EventFilterFields';
import { OwnEventFields } from '../parts/OwnEventFields';
import { NumberField } from '../parts/NumberField';
import { FieldPicker } from '../parts/Pickers';
import { Field, Row, Section } from '../parts/Row';
import { BuilderProps } from './props';
import { Toggle } from '../parts/Toggle';

/** What a node is, where paths start or end, and how far they are followed. */
export function PathsBuilder({ query, onChange }: BuilderProps<QueryOf<'paths'>>) {
  return (
    <>
      <Section title="Nodes">
        <Row>
          <Field label="Node">
            <FieldPicker label="Node" width={18} value={query.node ?? 'path'} onChange={(node) => onChange({ node })} />
          </Field>
          <OwnEventFields label="Node events" query={query} onChange={onChange} />
        </Row>
      </Section>
      <Section title={query.direction === 'backward' ? 'Ends at' : 'Starts at'}>
        <EventFilterFields
          label="Anchor"
          value={query.anchor ?? {}}
          onChange={(anchor) => onChange({ anchor: anchor.event || anchor.path || anchor.filter ? anchor : undefined })}
        />
      </Section>
      <Row>
        <Field label="Direction">
          <FewChoices
            label="Direction"
            value={query.direction ?? 'forward'}
            options={DIRECTIONS}
            onChange={(direction) => onChange({ direction })}
          />
        </Field>
        <NumberField
          label="Steps"
          value={query.steps}
          field={FIELDS.paths.steps}
          onChange={(steps) => onChange({ steps })}
        />
        <NumberField
          label="Links per step"
          value={query.limit}
          field={FIELDS.paths.limit}
          onChange={(limit) => onChange({ limit })}
        />
        <Field label="Within">
          <FewChoices
            label="Within"
            value={query.by ?? 'session'}
            options={ACTORS}
            onChange={(by) => onChange({ by })}
          />
        </Field>
        <Field label="As">
          <FewChoices
            label="Frames"
            value={query.result || 'ways'}
            options={SHAPES}
            onChange={(result) => onChange({ result })}
          />
        </Field>
        <Toggle
          label="Collapse"
          tooltip="Count consecutive repeats of a node as one"
          value={query.collapse ?? true}
          onChange={(value) => onChange({ collapse: value })}
        />
        {query.result !== 'graph' && <CompareField query={query} onChange={onChange} />}
      </Row>
    </>
  );
}

const DIRECTIONS = [
  { value: 'forward' as const, label: 'forward from' },
  { value: 'backward' as const, label: 'backward from' },
];
const SHAPES: Array<{ value: PathsResult; label: string; description: string }> = [
  { value: 'ways', label: 'Links', description: 'One row per link, for the paths panel and tables' },
  { value: 'graph', label: 'Node graph', description: "For Grafana's node graph" },
];
