import { Button } from '@grafana/ui';
import React from 'react';

import { Exclusion, FunnelStep } from '../../../query/generated';
import { FewChoices, ManyChoices } from '../../parts/Choice';
import { EventFilterFields } from '../../parts/EventFilterFields';
import { Field, Row, Section } from '../../parts/Row';
import { stepNames } from './steps';

/** Events that must not lie in between. */
export function Exclusions({ exclusions, steps, hasSteps, onChange }: ExclusionsProps) {
  const replace = (at: number, exclusion?: Exclusion) => {
    const changed = [...exclusions];
    changed.splice(at, 1, ...(exclusion ? [exclusion] : []));
    onChange(changed);
  };
  const names = stepNames(steps);
  const add = (
    <Button
      size="sm"
      variant="secondary"
      fill="text"
      icon="plus"
      onClick={() => onChange([...exclusions, { event: '' }])}
    >
      Exclusion
    </Button>
  );
  if (exclusions.length === 0) {
    return <Row>{add}</Row>;
  }
  return (
    <Section title="Exclusions" actions={add}>
      {exclusions.map((exclusion, at) => (
        <Row key={at}>
          <EventFilterFields
            label={`Exclusion ${at + 1}`}
            value={exclusion}
            onChange={(changed) => replace(at, changed)}
          />
          {hasSteps && (
            <>
              <Field label="After step">
                <ManyChoices
                  label={`Exclusion ${at + 1}: after step`}
                  width={18}
                  value={String(exclusion.afterStep ?? 1)}
                  options={names.slice(0, -1)}
                  onChange={(step) => replace(at, { ...exclusion, afterStep: Number(step) })}
                />
              </Field>
              <Field label="Before step">
                <ManyChoices
                  label={`Exclusion ${at + 1}: before step`}
                  width={18}
                  value={String(exclusion.beforeStep ?? steps.length)}
                  options={names.slice(1)}
                  onChange={(step) => replace(at, { ...exclusion, beforeStep: Number(step) })}
                />
              </Field>
            </>
          )}
          <Field
            label="Then"
            tooltip="Where it happens, the conversion ends at the step before, or is not counted at all"
          >
            <FewChoices
              label={`Exclusion ${at + 1}: effect`}
              value={exclusion.removes ? 'removes' : 'ends'}
              options={EFFECTS}
              onChange={(effect) => replace(at, { ...exclusion, removes: effect === 'removes' || undefined })}
            />
          </Field>
          <Button
            size="sm"
            variant="secondary"
            fill="text"
            icon="trash-alt"
            aria-label={`Remove exclusion ${at + 1}`}
            onClick={() => replace(at)}
          />
        </Row>
      ))}
    </Section>
  );
}

interface ExclusionsProps {
  exclusions: Exclusion[];
  steps: FunnelStep[];
  /** Whether it lies between two chosen steps. */
  hasSteps: boolean;
  onChange: (exclusions: Exclusion[]) => void;
}

const EFFECTS = [
  { value: 'ends' as const, label: 'ends it' },
  { value: 'removes' as const, label: 'removes it' },
];
