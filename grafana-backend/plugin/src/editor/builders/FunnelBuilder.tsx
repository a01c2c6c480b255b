import React from 'react';

import { QueryOf } from '../../query';
import { Exclusions } from './funnel/Exclusions';
import { Rules } from './funnel/Rules';
import { Shown } from './funnel/Shown';
import { BuilderProps } from './props';
import { StepList } from './StepList';

/** The steps in order, then the rules, then the result. */
export function FunnelBuilder({ query, onChange }: BuilderProps<QueryOf<'funnel'>>) {
  const steps = query.steps ?? [];
  return (
    <>
      <StepList steps={steps} order={query.order ?? 'ordered'} onChange={(steps) => onChange({ steps })} />
      <Rules query={query} onChange={onChange} />
      <Exclusions
        exclusions={query.exclusions ?? []}
        steps={steps}
        hasSteps={query.order !== 'any'}
        onChange={(exclusions) => onChange({ exclusions })}
      />
      <Shown query={query} steps={steps} onChange={onChange} />
    </>
  );
}
