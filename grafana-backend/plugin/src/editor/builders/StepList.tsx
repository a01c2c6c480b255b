import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { Button, Icon, IconButton, useStyles2 } from '@grafana/ui';
import { DragDropContext, Draggable, Droppable, DropResult } from '@hello-pangea/dnd';
import React, { useId } from 'react';

import { FIELDS } from '../../query/fields';
import { hasWindow } from '../../query/funnel';
import { FunnelStep, Order } from '../../query/generated';
import { DurationInput } from '../parts/DurationInput';
import { EventFilterFields, shown } from '../parts/EventFilterFields';
import { Field, Section } from '../parts/Row';
import { TextInput } from '../parts/TextInput';
import { Toggle } from '../parts/Toggle';

const { minItems: STEPS_MIN, maxItems: STEPS_MAX } = FIELDS.funnel.steps;

interface StepListProps {
  steps: FunnelStep[];
  order: Order;
  onChange: (steps: FunnelStep[]) => void;
}

/** A funnel's steps; reorder them by dragging the handle, or with space and the arrow keys. */
export function StepList({ steps, order, onChange }: StepListProps) {
  const style = useStyles2(styles);
  const list = useId();
  const replace = (at: number, ...by: FunnelStep[]) => {
    const changed = [...steps];
    changed.splice(at, 1, ...by);
    onChange(changed);
  };
  const drop = ({ source, destination }: DropResult) => {
    if (destination && destination.index !== source.index) {
      onChange(moved(steps, source.index, destination.index));
    }
  };
  const add = (
    <Button
      size="sm"
      variant="secondary"
      icon="plus"
      disabled={steps.length >= STEPS_MAX}
      onClick={() => onChange([...steps, { event: '' }])}
    >
      Step
    </Button>
  );
  return (
    <Section title="Steps" actions={add}>
      <DragDropContext onDragEnd={drop}>
        <Droppable droppableId={list}>
          {(droppable) => (
            <ol ref={droppable.innerRef} {...droppable.droppableProps} className={style.list}>
              {steps.map((step, at) => (
                <Draggable key={at} draggableId={`${list}-${at}`} index={at}>
                  {(draggable) => (
                    <li
                      ref={draggable.innerRef}
                      {...draggable.draggableProps}
                      className={style.step}
                      data-testid={`step-${at + 1}`}
                    >
                      <span {...draggable.dragHandleProps} className={style.handle} aria-label={`Move step ${at + 1}`}>
                        <Icon name="draggabledots" />
                        {at + 1}
                      </span>
                      <StepFields
                        step={step}
                        at={at}
                        hasWindow={hasWindow(at, order)}
                        onChange={(changed) => replace(at, changed)}
                      />
                      <span className={style.end}>
                        <IconButton
                          name="copy"
                          tooltip={`Duplicate step ${at + 1}`}
                          disabled={steps.length >= STEPS_MAX}
                          onClick={() => replace(at, step, { ...step })}
                        />
                        <IconButton
                          name="trash-alt"
                          tooltip={`Remove step ${at + 1}`}
                          disabled={steps.length <= STEPS_MIN}
                          onClick={() => replace(at)}
                        />
                      </span>
                    </li>
                  )}
                </Draggable>
              ))}
              {droppable.placeholder}
            </ol>
          )}
        </Droppable>
      </DragDropContext>
    </Section>
  );
}

function StepFields({ step, at, hasWindow, onChange }: StepFieldsProps) {
  const style = useStyles2(styles);
  const label = `Step ${at + 1}`;
  return (
    <div className={style.fields}>
      <TextInput
        label={`${label}: name`}
        width={18}
        placeholder={shown(step.event) || shown(step.path) || 'name'}
        value={step.name ?? ''}
        onChange={(name) => onChange({ ...step, name: name || undefined })}
      />
      <div>
        <EventFilterFields label={label} value={step} onChange={onChange} />
      </div>
      {hasWindow && (
        <Field label="Within" tooltip="Time from the previous step; the conversion window applies too">
          <DurationInput
            label={`${label}: window`}
            placeholder="any"
            valueMs={step.windowMs}
            onChange={(windowMs) => onChange({ ...step, windowMs })}
          />
        </Field>
      )}
      {hasWindow && (
        <Toggle
          label="Optional"
          value={step.optional}
          onChange={(value) => onChange({ ...step, optional: value || undefined })}
        />
      )}
    </div>
  );
}

interface StepFieldsProps {
  step: FunnelStep;
  at: number;
  /** Whether the step can be optional and have a window from the previous step. */
  hasWindow: boolean;
  onChange: (step: FunnelStep) => void;
}

function moved(steps: FunnelStep[], from: number, to: number): FunnelStep[] {
  const changed = [...steps];
  const [step] = changed.splice(from, 1);
  changed.splice(to, 0, step);
  return changed;
}

const styles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0 }),
  step: css({
    display: 'flex',
    gap: theme.spacing(1),
    alignItems: 'flex-start',
    padding: theme.spacing(0.5),
    marginBottom: theme.spacing(0.5),
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
  }),
  handle: css({
    display: 'flex',
    alignItems: 'center',
    height: theme.spacing(4),
    minWidth: theme.spacing(4),
    color: theme.colors.text.secondary,
    fontVariantNumeric: 'tabular-nums',
  }),
  fields: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0.5), alignItems: 'flex-start', flexGrow: 1 }),
  end: css({ display: 'flex', gap: theme.spacing(0.5), height: theme.spacing(4), alignItems: 'center' }),
});
