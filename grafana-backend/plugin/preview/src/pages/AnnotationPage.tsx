import { AnnotationQuery, AnnotationSupport, TimeRange } from '@grafana/data';
import { DataQuery } from '@grafana/schema';
import { ComponentType, useMemo, useState } from 'react';

import { PanelModel } from '../dashboard/model';
import { Plugins } from '../plugins';
import { Result } from './Result';

/** The annotation editor above its results, as in Grafana's dashboard settings. */
export function AnnotationPage({ plugins, range }: { plugins: Plugins; range: TimeRange }) {
  const support = plugins.datasource.annotations as AnnotationSupport<DataQuery>;
  const [annotation, setAnnotation] = useState<AnnotationQuery<DataQuery>>({
    name: 'Marks',
    enable: true,
    iconColor: 'red',
    target: support.getDefaultQuery?.() as DataQuery,
  });
  const panel: PanelModel = useMemo(
    () => ({
      id: 1,
      type: 'table',
      title: 'Annotations',
      gridPos: { x: 0, y: 0, w: 24, h: 10 },
      targets: [support.prepareQuery!(annotation) as DataQuery],
      fieldConfig: { defaults: {}, overrides: [] },
    }),
    [support, annotation]
  );
  const Editor = support.QueryEditor as ComponentType<any>;
  return (
    <>
      <div data-testid="editor">
        <Editor
          datasource={plugins.datasource}
          query={annotation.target}
          annotation={annotation}
          onAnnotationChange={setAnnotation}
          onChange={() => {}}
          onRunQuery={() => {}}
        />
      </div>
      <Result panel={panel} plugins={plugins} range={range} />
    </>
  );
}
