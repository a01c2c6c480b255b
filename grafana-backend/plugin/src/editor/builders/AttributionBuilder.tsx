import { MultiCombobox } from '@grafana/ui';
import React from 'react';

import { MODELS } from '../../names/models';
import { QueryOf } from '../../query';
import { FIELDS } from '../../query/fields';
import { AttributionMeasure, AttributionModel } from '../../query/generated';
import { ActorField } from '../parts/ActorField';
import { FewChoices } from '../parts/Choice';
import { CompareField } from '../parts/CompareField';
import { EventFilterFields } from '../parts/EventFilterFields';
import { NumberField } from '../parts/NumberField';
import { EntryPicker } from '../parts/Pickers';
import { Field, Row, Section } from '../parts/Row';
import { BuilderProps } from './props';

/** What a conversion is, what it is credited to, and how. */
export function AttributionBuilder({ query, onChange }: BuilderProps<QueryOf<'attribution'>>) {
  const models = query.models ?? [];
  return (
    <>
      <Section title="Conversions">
        <EventFilterFields
          label="Conversion"
          value={query.conversion ?? {}}
          onChange={(conversion) => onChange({ conversion })}
        />
      </Section>
      <Row>
        <Field label="Credited to" tooltip="What the session began with">
          <EntryPicker
            label="Credited to"
            value={query.dimension ?? 'session:channel'}
            onChange={(dimension) => onChange({ dimension })}
          />
        </Field>
        <Field label="Models" tooltip="How a conversion is divided among the sessions before it">
          <MultiCombobox<AttributionModel>
            aria-label="Models"
            options={ALL_MODELS}
            value={models}
            onChange={(chosen) => onChange({ models: chosen.length ? chosen.map(({ value }) => value) : undefined })}
            placeholder="all"
            width={48}
          />
        </Field>
        <Field label="Measure">
          <FewChoices
            label="Measure"
            value={query.measure ?? 'conversions'}
            options={MEASURES}
            onChange={(measure) => onChange({ measure })}
          />
        </Field>
      </Row>
      <Row>
        <NumberField
          label="Lookback, days"
          value={query.lookbackDays}
          field={FIELDS.attribution.lookbackDays}
          onChange={(lookbackDays) => onChange({ lookbackDays })}
        />
        {(models.length === 0 || models.includes('time_decay')) && (
          <NumberField
            label="Half-life, days"
            value={query.halfLifeDays}
            field={FIELDS.attribution.halfLifeDays}
            onChange={(halfLifeDays) => onChange({ halfLifeDays })}
          />
        )}
        <NumberField
          label="Values"
          value={query.limit}
          field={FIELDS.attribution.limit}
          onChange={(limit) => onChange({ limit })}
        />
        <ActorField by={query.by} onChange={(by) => onChange({ by })} />
        <CompareField query={query} onChange={onChange} />
      </Row>
    </>
  );
}

const ALL_MODELS = Object.entries(MODELS).map(([value, label]) => ({ value: value as AttributionModel, label }));
const MEASURES: Array<{ value: AttributionMeasure; label: string }> = [
  { value: 'conversions', label: 'conversions' },
  { value: 'revenue', label: 'revenue' },
];
