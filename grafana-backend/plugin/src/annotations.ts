import { AnnotationSupport } from '@grafana/data';

import { startingQuery } from './defaults';
import { AnnotationEditor } from './editor/AnnotationEditor';
import { FootfallQuery } from './types';

/** Events as marks on a graph: deployments, campaigns, incidents. */
export const annotationSupport: AnnotationSupport<FootfallQuery> = {
  QueryEditor: AnnotationEditor as AnnotationSupport<FootfallQuery>['QueryEditor'],
  getDefaultQuery: () => startingQuery('annotations'),
  prepareQuery: (annotation) => annotation.target && { ...annotation.target, refId: 'Anno', queryType: 'annotations' },
};
