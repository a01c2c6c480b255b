import React from 'react';

import { readableDuration } from '../../duration';
import { Bar, Step } from './read';

export const percent = (share: number) => `${(share * 100).toFixed(share < 0.0995 ? 2 : 1)}\u00a0%`;

/** A bar's tooltip. */
export function BarText({ step, bar, count }: { step: Step; bar: Bar; count: (count: number) => string }) {
  return (
    <div>
      <strong>
        {step.number} {step.name} {bar.value}
      </strong>
      <div>
        {count(bar.count)} · {percent(bar.rate)} of all who entered
      </div>
      {step.number > 1 && bar.stepRate !== undefined && <div>{percent(bar.stepRate)} of the previous step</div>}
      {step.number > 1 && bar.dropOff !== undefined && <div>{count(bar.dropOff)} left</div>}
      {step.number > 1 && bar.medianS !== undefined && (
        <div>
          median {readableDuration(bar.medianS)}
          {bar.avgS !== undefined && `, average ${readableDuration(bar.avgS)}`}
          {bar.p90S !== undefined && `, 90 % within ${readableDuration(bar.p90S)}`}
        </div>
      )}
      {bar.previousRate !== undefined && (
        <div>
          {percent(bar.previousRate)} before
          {bar.isSignificant !== undefined &&
            (bar.isSignificant ? ', a larger difference than chance' : ', no larger difference than chance')}
        </div>
      )}
    </div>
  );
}
