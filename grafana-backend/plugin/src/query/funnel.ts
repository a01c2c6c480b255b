import { isNarrowing } from '../filters';
import { QueryKind } from './common';
import { Exclusion, FunnelStep, Order } from './generated';
import { QueryOf } from './stored';

const DAY_MS = 86_400_000;

export const funnel: QueryKind<QueryOf<'funnel'>> = {
  picker: { label: 'Funnel', description: 'Conversion and drop-off from step to step, and the time in between' },
  starting: {
    queryType: 'funnel',
    by: 'visitor',
    order: 'ordered',
    conversionWindowMs: 7 * DAY_MS,
    steps: [{ event: 'page_view' }, { event: 'page_view' }],
  },
  hidden: ({ result, order }) => [
    ...(order === 'any' ? (['open'] as const) : []),
    ...(result === 'trend' ? [] : (['interval'] as const)),
    ...(!result || result === 'steps' || result === 'trend' ? [] : (['breakdown'] as const)),
    ...(result === 'actors' ? (['counting', 'compare'] as const) : (['step', 'outcome', 'limit'] as const)),
    ...(result === 'trend' || result === 'histogram' ? [] : (['fromStep', 'toStep'] as const)),
    ...(!result || result === 'steps' ? [] : (['neverEntered'] as const)),
  ],
  tidied: (query) => ({
    ...query,
    steps: query.steps?.map((step, at) => (step && !hasWindow(at, query.order) ? withoutWindow(step) : step)),
    exclusions: query.exclusions
      ?.filter(isNarrowing)
      .map((exclusion) => (query.order === 'any' ? withoutSteps(exclusion) : exclusion)),
  }),
  isComplete: ({ steps }) => Array.isArray(steps) && steps.length > 0,
  isUnfinished: ({ steps }) => Array.isArray(steps) && !steps.every(isNarrowing),
};

/** The first step has no previous step; with any order, no step does. */
export const hasWindow = (at: number, order?: Order) => at > 0 && order !== 'any';

/** With any order, an exclusion lies between the first step and the last. */
function withoutSteps({ afterStep, beforeStep, ...exclusion }: Exclusion): Exclusion {
  return exclusion;
}

function withoutWindow({ optional, windowMs, ...step }: FunnelStep): FunnelStep {
  return step;
}
