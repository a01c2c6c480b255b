import { QueryEditorProps } from '@grafana/data';
import React from 'react';

import { FootfallSource } from '../source';
import { FootfallQuery } from '../query';
import { FootfallOptions, FootfallVariableQuery } from '../types';
import { EditingProvider } from './parts/context';
import { FewChoices } from './parts/Choice';
import { FieldPicker, ProjectPicker } from './parts/Pickers';
import { Field, Row } from './parts/Row';

type VariableEditorProps = QueryEditorProps<FootfallSource, FootfallQuery, FootfallOptions, FootfallVariableQuery>;

/** What a dashboard variable lists. */
export function VariableEditor({ datasource, query, onChange }: VariableEditorProps) {
  const kind = query.kind ?? 'projects';
  const change = (changed: Partial<FootfallVariableQuery>) =>
    onChange({ ...query, ...changed, refId: query.refId || 'Variable' });
  return (
    <EditingProvider
      value={{ suggest: datasource.suggest, project: datasource.projectOf([{ project: query.project }]) }}
    >
      <Row>
        <Field label="List">
          <FewChoices label="List" value={kind} options={KINDS} onChange={(kind) => change({ kind })} />
        </Field>
        {kind !== 'projects' && kind !== 'dimensions' && (
          <Field label="Project" tooltip="A project, or a variable such as $project">
            <ProjectPicker
              label="Project"
              placeholder={datasource.defaultProject || 'project'}
              value={query.project}
              onChange={(project) => change({ project })}
            />
          </Field>
        )}
        {kind === 'values' && (
          <Field label="Of">
            <FieldPicker label="Field" value={query.field} onChange={(field) => change({ field })} />
          </Field>
        )}
      </Row>
    </EditingProvider>
  );
}

const KINDS: Array<{ value: FootfallVariableQuery['kind']; label: string }> = [
  { value: 'projects', label: 'Projects' },
  { value: 'events', label: 'Events' },
  { value: 'properties', label: 'Properties' },
  { value: 'dimensions', label: 'Dimensions' },
  { value: 'values', label: 'Values' },
  { value: 'cohorts', label: 'Cohorts' },
];
