import { AnnotationQuery, QueryEditorProps } from '@grafana/data';
import React from 'react';

import { FootfallDatasource } from '../datasource';
import { startingQuery } from '../defaults';
import { FootfallOptions, FootfallQuery } from '../types';
import { EventsBuilder } from './builders/EventsBuilder';
import { EditingProvider } from './parts/context';
import { ProjectPicker } from './parts/Pickers';
import { Field, Row } from './parts/Row';

type AnnotationEditorProps = QueryEditorProps<FootfallDatasource, FootfallQuery, FootfallOptions> & {
  annotation?: AnnotationQuery<FootfallQuery>;
  onAnnotationChange?: (annotation: AnnotationQuery<FootfallQuery>) => void;
};

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
      </Row>
      <EventsBuilder query={target} onChange={change} />
    </EditingProvider>
  );
}
