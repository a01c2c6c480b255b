import { AttributionModel } from '../query/generated';

/** How a conversion is divided among the sessions before it. */
export const MODELS: Record<AttributionModel, string> = {
  first: 'First session',
  last: 'Last session',
  last_non_direct: 'Last non-direct session',
  linear: 'Linear',
  time_decay: 'Time decay',
  position_based: 'Position-based',
};
