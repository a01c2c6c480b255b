import { AnnotationSupport } from '@grafana/data';

import { AnnotationEditor } from './editor/AnnotationEditor';
import { FootfallQuery, QueryOf, startingQuery } from './query';

/** Annotations: events such as deployments, campaigns and incidents, or periods with far more events than usual. */
export const annotationSupport: AnnotationSupport<FootfallQuery> = {
  QueryEditor: AnnotationEditor as AnnotationSupport<FootfallQuery>['QueryEditor'],
  getDefaultQuery: () => startingQuery('annotations'),
  prepareQuery: ({ target }) => {
    const queryType = target?.queryType === 'spikes' ? 'spikes' : 'annotations';
    return target && ({ ...target, refId: 'Anno', queryType } as QueryOf<typeof queryType>);
  },
};
