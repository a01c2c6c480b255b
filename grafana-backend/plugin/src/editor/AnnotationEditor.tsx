import { AnnotationQuery, QueryEditorProps } from '@grafana/data';
import React from 'react';

import { FootfallSource } from '../source';
import { FootfallQuery, QueryOf, startingQuery } from '../query';
import { FootfallOptions } from '../types';
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

type MarksQuery = QueryOf<'annotations' | 'spikes'>;

const MARKS = [
  { value: 'annotations' as const, label: 'Events' },
  { value: 'spikes' as const, label: 'Spikes', description: 'Periods with far more events than usual' },
];

/** Which events become annotations. */
export function AnnotationEditor({
  datasource,
  query,
  onChange,
  annotation,
  onAnnotationChange,
}: AnnotationEditorProps) {
  const target = { ...startingQuery('annotations'), ...(annotation?.target ?? query), refId: 'Anno' } as MarksQuery;
  const change = (changed: Partial<MarksQuery>) => {
    const next = { ...target, ...changed } as MarksQuery;
    if (annotation && onAnnotationChange) {
      onAnnotationChange({ ...annotation, target: next });
    } else {
      onChange(next);
    }
  };
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
        <Field label="Show">
          <FewChoices
            label="Annotations"
            options={MARKS}
            value={target.queryType === 'spikes' ? 'spikes' : 'annotations'}
            onChange={(queryType) => change({ ...startingQuery(queryType) })}
          />
        </Field>
      </Row>
      {target.queryType === 'spikes' ? (
        <SpikesBuilder query={target} onChange={change} />
      ) : (
        <EventsBuilder query={target} onChange={change} />
      )}
    </EditingProvider>
  );
}
