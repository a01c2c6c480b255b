import { Step } from './read';

/** Props shared by both funnel layouts. */
export interface FunnelView {
  steps: Step[];
  values: string[];
  colors: string[];
  width: number;
  height: number;
  showTimes: boolean;
  /** A count as text. */
  count: (count: number) => string;
  /** Lists who is behind a bar; undefined if the query cannot tell. */
  onOpen?: (step: Step, outcome: 'converted' | 'dropped') => void;
}
