import { AnnotationQuery, QueryEditorProps } from '@grafana/data';
import React from 'react';

import { startingQuery } from '../defaults';
import { FootfallSource } from '../source';
import { FootfallOptions, FootfallQuery } from '../types';
import { EventsBuilder } from './builders/EventsBuilder';
import { SpikesBuilder } from './builders/SpikesBuilder';
import { FewChoices } from './parts/Choice';
import { EditingProvider } from './parts/context';
import { ProjectPicker } from './parts/Pickers';
import { Field, Row } from './parts/Row';

type AnnotationEditorProps = QueryEditorProps<FootfallSource, FootfallQuery, FootfallOptions> & {
  annotation?: AnnotationQuery<FootfallQuery>;
  onAnnotationChange?: (annotation: AnnotationQuery<FootfallQuery>) => void;
};

const MARKS = [
  { value: 'annotations' as const, label: 'Events' },
  { value: 'spikes' as const, label: 'Spikes', description: 'Times of far more events than usual' },
];

/** Which events become marks. */
export function AnnotationEditor({
  datasource,
  query,
  onChange,
  annotation,
  onAnnotationChange,
}: AnnotationEditorProps) {
  const target: FootfallQuery = {
    ...startingQuery('annotations'),
    ...(annotation?.target ?? query),
    refId: 'Anno',
  };
  const change = (changed: Partial<FootfallQuery>) => {
    const next = { ...target, ...changed };
    if (annotation && onAnnotationChange) {
      onAnnotationChange({ ...annotation, target: next });
    } else {
      onChange(next);
    }
  };
  const marks = target.queryType === 'spikes' ? 'spikes' : 'annotations';
  const Builder = marks === 'spikes' ? SpikesBuilder : EventsBuilder;
  return (
    <EditingProvider value={{ suggest: datasource.suggest, project: datasource.projectOf([target]) }}>
      <Row>
        <Field label="Project">
          <ProjectPicker
            label="Project"
            placeholder={datasource.defaultProject || 'project'}
            value={target.project}
            onChange={(project) => change({ project })}
          />
        </Field>
        <Field label="Marks">
          <FewChoices
            label="Marks"
            options={MARKS}
            value={marks}
            onChange={(queryType) => change({ ...startingQuery(queryType) })}
          />
        </Field>
      </Row>
      <Builder query={target} onChange={change} />
    </EditingProvider>
  );
}
