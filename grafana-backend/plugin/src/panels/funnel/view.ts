import { Step } from './read';

/** What the two ways to draw a funnel need. */
export interface FunnelView {
  steps: Step[];
  values: string[];
  colors: string[];
  width: number;
  height: number;
  showTimes: boolean;
  /** Shows who is behind a bar; undefined where the query cannot tell. */
  onOpen?: (step: Step, outcome: 'converted' | 'dropped') => void;
}
