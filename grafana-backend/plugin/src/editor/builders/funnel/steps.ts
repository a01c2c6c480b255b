import { FunnelStep } from '../../../query/generated';
import { shown } from '../../parts/EventFilterFields';

/** Options for choosing a step, counted from 1. */
export const stepNames = (steps: FunnelStep[]) =>
  steps.map((step, at) => ({
    value: String(at + 1),
    label: `${at + 1} ${step.name || shown(step.event) || shown(step.path)}`.trim(),
  }));
