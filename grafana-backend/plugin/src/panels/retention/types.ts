export interface RetentionOptions {
  shown: 'rate' | 'count';
  showAverage: boolean;
}
