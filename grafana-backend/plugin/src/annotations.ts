import { AnnotationSupport } from '@grafana/data';

import { AnnotationEditor } from './editor/AnnotationEditor';
import { FootfallQuery, startingQuery } from './query';

/** Marks on a graph: events such as deployments, campaigns and incidents, or times of far more events than usual. */
export const annotationSupport: AnnotationSupport<FootfallQuery> = {
  QueryEditor: AnnotationEditor as AnnotationSupport<FootfallQuery>['QueryEditor'],
  getDefaultQuery: () => startingQuery('annotations'),
  prepareQuery: ({ target }) =>
    target && { ...target, refId: 'Anno', queryType: target.queryType === 'spikes' ? 'spikes' : 'annotations' },
};
