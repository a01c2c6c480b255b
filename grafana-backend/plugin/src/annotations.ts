import { AnnotationSupport } from '@grafana/data';

import { AnnotationEditor } from './editor/AnnotationEditor';
import { FootfallQuery } from './types';

/** Events as marks on a graph: deployments, campaigns, incidents. */
export const annotationSupport: AnnotationSupport<FootfallQuery> = {
  QueryEditor: AnnotationEditor as AnnotationSupport<FootfallQuery>['QueryEditor'],
  getDefaultQuery: () => ({ queryType: 'annotations', limit: 200 }),
  prepareQuery: (annotation) => annotation.target && { ...annotation.target, refId: 'Anno', queryType: 'annotations' },
};
